// A device with MQTT.js: node main.js URL VERSION ID KEY. VERSION: 4 (MQTT 3.1.1) or 5.
import mqtt from "mqtt";

const [url, version, id, key] = process.argv.slice(2);
const root = `iotflow/devices/${id}`;
const client = await mqtt.connectAsync(url, {
  username: id,
  password: key,
  protocolVersion: Number(version),
  clientId: `mqttjs-${version}-${url.split(":")[0]}`,
});
const commanded = new Promise((resolve) => client.once("message", (_, payload) => resolve(JSON.parse(payload))));
await client.subscribeAsync(`${root}/commands/control`, { qos: 1 });
for (let number = 1; number <= 10; number += 1) {
  for (const qos of [1, 2]) {
    const reading = { timestamp: 1_700_000_000_000 + 2 * number + qos, data: { value: number } };
    await client.publishAsync(`${root}/telemetry`, JSON.stringify(reading), { qos });
  }
}
console.log("published");
const { command_id } = await commanded;
await client.publishAsync(`${root}/commands/ack`, JSON.stringify({ command_id, state: "succeeded" }), { qos: 1 });
await client.endAsync();
console.log("ended");
