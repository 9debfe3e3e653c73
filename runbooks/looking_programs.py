"""Programs that surely only look: any of their commands, or those of their subcommands that stand here. Tables only;
what is not listed counts as changing something (`looking.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.shell_frames import listed

ALWAYS = listed(
    ": [ [[ test true false exit return echo printf cat tac head tail wc nl cut tr comm diff cmp join paste"
    " column fold fmt expand unexpand rev grep egrep fgrep zgrep rg ag ack jq ls ll stat file du df readlink"
    " realpath basename dirname pwd cd which type command whereis cal uptime uname whoami id groups who w last"
    " lastlog ps pgrep pidof pidstat top htop free vmstat iostat mpstat lsof ss netstat dig nslookup host whois"
    " ping ping6 traceroute tracepath mtr getent printenv env export local declare readonly unset let expr seq"
    " sleep wait shift read set shopt break continue for select base64 md5sum sha1sum sha256sum sha512sum cksum sum"
    " od xxd hexdump strings zcat bzcat xzcat zstdcat zless less more pg_isready pg_lsclusters lscpu lsblk lsmem"
    " lspci nproc findmnt mountpoint getconf locale timedatectl resolvectl mailq nvidia-smi numfmt tput watch xargs"
    " trap time"
)
"""Programs that only look, whatever their words are. What they write into, a redirection tells."""

VERBS: Mapping[str, frozenset[str]] = {
    "apt": listed("list show policy search"),
    "apt-cache": listed("policy show search madison depends rdepends"),
    "certbot": listed("certificates"),
    "consul": listed("members info catalog version validate"),
    "docker": listed(
        "ps logs inspect stats top images version info diff port events history search ls compose_ps compose_logs"
        " compose_config compose_top compose_images compose_ls compose_port compose_version container_ls"
        " container_list container_inspect container_logs container_stats container_top image_ls image_inspect"
        " image_history network_ls network_inspect volume_ls volume_inspect system_df system_info node_ls node_ps"
        " service_ls service_ps service_logs service_inspect stack_ls stack_ps stack_services context_ls"
        " context_show manifest_inspect"
    ),
    "docker-compose": listed("ps logs config top images ls port version"),
    "etcdctl": listed("get endpoint_health endpoint_status member_list version"),
    "fly": listed("status logs releases apps_list machine_list machines_list checks_list secrets_list"),
    "gh": listed(
        "run_list run_view run_watch pr_list pr_view pr_checks issue_list issue_view release_list release_view"
    ),
    "git": listed(
        "log show diff status rev-parse rev-list describe ls-files ls-tree ls-remote cat-file blame grep shortlog"
        " name-rev merge-base for-each-ref show-ref diff-tree diff-index count-objects verify-commit verify-tag"
        " whatchanged version help"
    ),
    "helm": listed("list ls status history get show search version env"),
    "heroku": listed("ps logs config releases status info apps pg:info pg:ps pg:locks"),
    "kubectl": listed(
        "get describe logs top version cluster-info explain api-resources api-versions events diff auth_can-i"
        " auth_whoami rollout_status rollout_history config_view config_current-context config_get-contexts"
        " config_get-clusters wait"
    ),
    "launchctl": listed("list print blame"),
    "mysqladmin": listed("ping status version processlist extended-status variables"),
    "nomad": listed("status job_status node_status alloc_status alloc_logs server_members version"),
    "npm": listed("ls list outdated view ping root prefix whoami"),
    "pgbackrest": listed("info version"),
    "pip": listed("list show freeze check"),
    "pm2": listed("ls list status describe show info jlist prettylist logs"),
    "postfix": listed("status check"),
    "prisma": listed("validate version migrate_status migrate_diff"),
    "promtool": listed("check query"),
    "rabbitmq-diagnostics": listed("ping status check_running check_alarms cluster_status memory_breakdown listeners"),
    "rabbitmqctl": listed(
        "status cluster_status list_queues list_connections list_channels list_consumers list_exchanges"
        " list_bindings list_users list_vhosts ping node_health_check"
    ),
    "redis-cli": listed(
        "ping info get mget strlen exists type ttl pttl keys scan sscan hscan zscan dbsize llen lrange lindex hget"
        " hgetall hmget hkeys hvals hlen scard smembers sismember zcard zrange zscore zcount xlen xrange xinfo role"
        " time lastsave object client_list client_info client_getname config_get memory_usage memory_stats"
        " memory_doctor slowlog_get slowlog_len latency_latest latency_doctor cluster_info cluster_nodes acl_list"
        " acl_whoami command_count"
    ),
    "restic": listed("snapshots stats ls find version"),
    "rpm": listed("-q -qa -qi -ql -qf --query"),
    "supabase": listed(
        "status migration_list projects_list branches_list functions_list secrets_list domains_get inspect"
    ),
    "supervisorctl": listed("status avail tail pid version"),
    "systemctl": listed(
        "status is-active is-failed is-enabled is-system-running show cat list-units list-unit-files list-timers"
        " list-sockets list-jobs list-dependencies get-default show-environment"
    ),
    "terraform": listed("show output validate version providers state_list state_show workspace_list workspace_show"),
    "vault": listed("status version"),
    "vercel": listed(
        "ls list inspect logs whoami env_ls domains_ls domains_inspect dns_ls certs_ls projects_ls project_ls"
        " teams_ls alias_ls"
    ),
    "vigie": listed(
        "status facts watch smoke doctor jobs_list jobs_show jobs_follow jobs_export jobs_report backups_list"
        " backups_verify backups_prune incident_list incident_show incident_follow incident_brief incident_clock"
        " incident_stats message_draft message_list message_show runbook_list runbook_show runbook_lint"
        " runbook_graph runbook_card runbook_check journal_verify"
    ),
}
"""Subcommands that only look, those of two words joined with `_`. The verb is the first word that is no option."""
_SAME = {
    "podman": "docker", "oc": "kubectl", "k": "kubectl", "flyctl": "fly", "pip3": "pip", "pnpm": "npm", "yarn": "npm",
    "valkey-cli": "redis-cli",
}  # fmt: skip
VERBS = {**VERBS, **{name: VERBS[other] for name, other in _SAME.items()}}

VALUED: Mapping[str, frozenset[str]] = {
    "docker": listed("-H --host -c --context -f --file -p --project-name --profile --env-file"),
    "docker-compose": listed("-f --file -p --project-name --profile --env-file"),
    "git": listed("-C --git-dir --work-tree"),
    "helm": listed("-n --namespace --kube-context --kubeconfig"),
    "kubectl": listed("-n --namespace --context --kubeconfig --cluster -s --server --as --request-timeout"),
    "mysqladmin": listed("-h -P -u --host --port --user"),
    "rabbitmqctl": listed("-n -p --node --vhost"),
    "redis-cli": listed("-h -p -a -u -n -s --user --pass"),
    "systemctl": listed("-H -M -t -p -n -o --type --state --property --lines --output"),
    "vigie": listed("--config --env"),
}
"""Options in front of the verb that take a value in the next word."""

ASKS: Mapping[str, frozenset[str]] = {
    "apachectl": listed("configtest -t -S -M"),
    "crontab": listed("-l"),
    "dpkg": listed("-l -s -L --list --status --listfiles"),
    "gunzip": listed("-c -l -t -dc --stdout --list --test"),
    "gzip": listed("-dc -cd -l -t -lv --list --test"),
    "haproxy": listed("-c -v -vv"),
    "httpd": listed("-t -S -M -v -V"),
    "ifconfig": listed(""),
    "iptables": listed("-L -nL -S -nvL -vnL -Lnv -Ln --list --list-rules"),
    "kill": listed("-0 -l"),
    "killall": listed("-0 -l"),
    "make": listed("-n --dry-run --just-print"),
    "named-checkconf": listed(""),
    "named-checkzone": listed(""),
    "nc": listed("-z -zv -vz -zvw -zvw3 -vzw"),
    "ncat": listed("-z -zv -vz"),
    "nft": listed("list"),
    "nginx": listed("-t -T -v -V -tq"),
    "php-fpm": listed("-t -v"),
    "pkill": listed("-0"),
    "postqueue": listed("-p"),
    "rsync": listed("--dry-run -n -an -avn -nav -rvn"),
    "sshd": listed("-t -T"),
    "tar": listed("t tf tvf tzf tzvf -t -tf -tvf -tzf -tzvf --list"),
    "visudo": listed("-c"),
}
"""Words with one of which the program only looks."""
