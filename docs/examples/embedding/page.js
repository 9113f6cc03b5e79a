/** Writes down what the inboxes tell their page. */

const heard = document.querySelector("#heard");

for (const name of ["notification", "unread", "open"]) {
  document.addEventListener(name, ({ detail }) => {
    const line = document.createElement("li");
    line.textContent = `${name} ${JSON.stringify(detail)}`;
    heard.append(line);
  });
}
