/** A page that subscribes; its size is measured. */
import { connect, subscribe } from "../../src/browser.js";

const connection = connect("https://iotflow.example", { token: "…" });
for await (const event of subscribe(connection, { deviceIds: [1] })) {
  if (event.kind === "reading") document.body.textContent = String(event.values["temperature"]);
}
