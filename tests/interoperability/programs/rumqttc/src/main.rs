//! A device with rumqttc, MQTT 3.1.1: `… PORT ID KEY`.

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::{json, Value};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (port, id, key) = (arguments[1].parse().unwrap(), &arguments[2], &arguments[3]);
    let mut options = MqttOptions::new("rumqttc", "127.0.0.1", port);
    options.set_credentials(id, key);
    let (client, mut connection) = Client::new(options, 100);
    let root = format!("iotflow/devices/{id}");
    client.subscribe(format!("{root}/commands/control"), QoS::AtLeastOnce).unwrap();
    for number in 1..=10_i64 {
        for (extra, qos) in [(1, QoS::AtLeastOnce), (2, QoS::ExactlyOnce)] {
            let reading = json!({"timestamp": 1_700_000_000_000 + 2 * number + extra, "data": {"value": number}});
            client.publish(format!("{root}/telemetry"), qos, false, reading.to_string()).unwrap();
        }
    }
    let (mut left, mut ending) = (20, false);
    for event in connection.iter() {
        match event.expect("the connection fails") {
            Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)) => left -= 1,
            Event::Incoming(Packet::Publish(message)) => {
                let command: Value = serde_json::from_slice(&message.payload).unwrap();
                let answer = json!({"command_id": command["command_id"], "state": "succeeded"});
                client.publish(format!("{root}/commands/ack"), QoS::AtLeastOnce, false, answer.to_string()).unwrap();
                (left, ending) = (left + 1, true);
                continue;
            }
            _ => continue,
        }
        if left == 0 && ending {
            break;
        }
        if left == 0 {
            println!("published");
        }
    }
    println!("ended");
}
