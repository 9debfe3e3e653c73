async function show() {
  const answer = await fetch("/api/calls");
  const body = await answer.json();
  const list = document.getElementById("calls");
  list.replaceChildren(...body.calls.map(line));
}

function line(call) {
  const item = document.createElement("li");
  item.textContent = call.plate + " in " + call.zone;
  return item;
}

show();
setInterval(show, 15000);
