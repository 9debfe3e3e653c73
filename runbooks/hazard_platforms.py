"""What clusters, containers, clouds and platforms lose."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runbooks.hazard_words import IN_CLOUD, IN_CLUSTER, RESTORES, Rule, by_program, first, verb
from runbooks.shell_frames import listed
from runbooks.shell_words import Command

_KUBE_VALUES = listed(
    "-n --namespace --context --kubeconfig --cluster -s --server --as --user -l --selector -f -o -c --token"
)
_AWS_VALUES = listed("--profile --region --output --endpoint-url --query --ca-bundle --color")
_DOCKER_VALUES = listed("-H --host -c --context -f --file -p --project-name --profile --env-file -l")
_TERRAFORM_VALUES = frozenset({"-var", "-var-file", "-target", "-state"})
_ASKED = re.compile(
    r"://.*(?:/|%2F|[-_:])(?:delete|destroy|purge|wipe|restore|reset|drop|truncate|flush)(?:$|[-_/?\"'\s])"
    r"|/(?:_restore|_close|_delete_by_query)\b|\$\w+/.*(?:/|%2F|[-_])(?:delete|destroy|purge|wipe|restore|reset)(?:$|[-_/?])",
    re.IGNORECASE,
)
_CLOUD_VERBS = listed(
    "delete destroy rm rb purge remove apps:destroy addons:destroy pg:reset sites:delete projects:destroy del"
)


def _kubectl(command: Command) -> str:
    verbs = command.verbs(_KUBE_VALUES)
    if verbs[:1] == ("adm",):
        verbs = verbs[1:]
    if verbs[:1] in (("delete",), ("drain",)):
        return IN_CLUSTER
    if verbs[:1] == ("prune",) and command.has("--confirm"):
        return IN_CLUSTER
    if verbs[:1] == ("apply",) and command.has("--prune"):
        return IN_CLUSTER
    if verbs[:1] == ("scale",) and command.value("--replicas") == "0":
        return "stops every copy of it"
    return "deletes and makes anew in the cluster" if verbs[:1] == ("replace",) and command.has("--force") else ""


def _docker(command: Command) -> str:
    verbs = command.verbs(_DOCKER_VALUES)
    if command.program == "docker-compose":
        verbs = ("compose", *verbs)
    if verbs[1:2] == ("prune",) or " ".join(verbs[:2]) in ("volume rm", "image rm") or verbs[:1] == ("rmi",):
        return "removes data of containers"
    if verbs[:2] in (("compose", "down"), ("compose", "rm")) and command.flag("v", "--volumes", valued="ft"):
        return "removes data of containers"
    if verbs[:1] == ("rm",) or verbs[:2] == ("container", "rm"):
        return "removes a container"
    gone = " ".join(verbs[:2]) in ("stack rm", "service rm", "network rm", "swarm leave")
    return "removes it from the cluster" if gone else ""


def _aws(command: Command) -> str:
    verbs = command.verbs(_AWS_VALUES)
    if verbs[-1:] == ("help",):
        return ""
    if verbs[:2] in (("s3", "rm"), ("s3", "rb")) or (verbs[:2] == ("s3", "sync") and command.has("--delete")):
        return "deletes what is stored"
    what = verbs[1] if len(verbs) > 1 else ""
    if what.startswith(("delete-", "terminate-", "purge-", "deregister-", "release-", "schedule-key-deletion")):
        return IN_CLOUD
    if what.startswith(("reboot-", "stop-", "failover-")):
        return "stops machines or databases"
    return RESTORES if what.startswith("restore-db") else ""


def _cloud(command: Command) -> str:
    verbs = command.verbs()
    if any(verb in ("pg:backups:restore", "pg:copy", "restore-backup", "pg:restore") for verb in verbs[:3]):
        return RESTORES
    if "backups" in verbs[:4] and "restore" in verbs[:5]:
        return RESTORES
    gone = any(verb in _CLOUD_VERBS or verb.startswith(("delete-", "kv:key:delete")) for verb in verbs[:5])
    return IN_CLOUD if gone else ""


def _gsutil(command: Command) -> str:
    verbs = command.verbs(frozenset({"-o", "-h"}))
    gone = verbs[:1] in (("rm",), ("rb",)) or (verbs[:1] == ("rsync",) and command.flag("d"))
    return "deletes what is stored" if gone else ""


def _terraform(command: Command) -> str:
    verbs = command.verbs(_TERRAFORM_VALUES)
    if verbs[:1] == ("run-all",):
        verbs = verbs[1:]
    destroys = verbs[:1] == ("destroy",) or (verbs[:1] == ("apply",) and command.has("-destroy", "--destroy"))
    if destroys or verbs[:2] in (("state", "rm"), ("workspace", "delete")) or verbs[:1] == ("force-unlock",):
        return "destroys infrastructure"
    unasked = verbs[:1] == ("apply",) and command.has("-auto-approve", "--auto-approve")
    return "changes infrastructure without asking" if unasked else ""


def _vercel(command: Command) -> str:
    verbs = command.verbs(frozenset({"--token", "-t", "--scope", "-S"}))
    gone = verbs[:1] in (("remove",), ("rm",)) or verbs[1:2] in (("rm",), ("remove",))
    return "removes it at the platform" if gone else ""


def _curl(command: Command) -> str:
    words = command.words
    method = command.value("-X", "--request", "--method")
    if any(re.fullmatch(r"-[a-zA-Z]+X", word) and words[n + 1 : n + 2] == ("DELETE",) for n, word in enumerate(words)):
        method = "DELETE"
    if any(re.fullmatch(r"-[a-zA-Z]*XDELETE", word) for word in words):
        method = "DELETE"
    if method.upper() == "DELETE" or any("_delete_by_query" in word for word in words):
        return "deletes by a call"
    if command.program in ("http", "https", "xh") and command.has("DELETE"):
        return "deletes by a call"
    sends = method.upper() in ("POST", "PUT", "PATCH") or command.flag("d", "--data", "--json", valued="HXuoweAbcTFmr")
    return "asks a server to delete or restore" if sends and any(_ASKED.search(word) for word in words) else ""


PLATFORMS: Mapping[str, Rule] = by_program(
    {
        "gh": first(verb("deletes it at GitHub", "delete", among=2), _curl),
        "kubectl oc k": _kubectl,
        "helm": verb("removes a release from the cluster", "uninstall", "delete", values=_KUBE_VALUES),
        "argocd flux istioctl": verb(IN_CLUSTER, "delete", "uninstall", values=_KUBE_VALUES, among=2),
        "terraform tofu terragrunt tf": _terraform,
        "pulumi cdk vagrant": verb("destroys infrastructure", "destroy"),
        "serverless sls": verb("destroys infrastructure", "remove"),
        "eksctl kops kind k3d minikube": verb("destroys infrastructure", "delete"),
        "docker docker-compose podman nerdctl": _docker,
        "aws": _aws,
        "gcloud az heroku fly flyctl doctl wrangler netlify openstack bq": _cloud,
        "cf bosh": _cloud,
        "gsutil": _gsutil,
        "mc s3cmd azcopy": verb("deletes what is stored", "rm", "rb", "del", "remove", among=2),
        "rclone": verb(
            "deletes what is stored", "delete", "purge", "sync", "deletefile", "move", values=frozenset({"--config"})
        ),
        "consul": verb("deletes keys of the cluster", "kv delete"),
        "vault": verb("deletes secrets", "delete", "destroy", "revoke", "disable", "kv delete", "kv destroy", among=2),
        "nomad": verb("stops it in the cluster", "stop", "purge", among=2),
        "ceph rados": verb("deletes what is stored", "purge", "destroy", "delete", "rm", among=3),
        "virsh": verb("destroys infrastructure", "destroy", "undefine"),
        "vercel": _vercel,
        "curl wget http https xh": _curl,
        "npm": verb("takes a published package back", "unpublish"),
    }
)
"""By program."""
