/* A device with Paho's C client, MQTT 3.1.1: main PORT ID KEY. */
#include <MQTTClient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 30000, READINGS = 10 };

static void check(int code, const char *what) {
    if (code != MQTTCLIENT_SUCCESS) {
        fprintf(stderr, "%s failed with code %d\n", what, code);
        exit(1);
    }
}

static void publish(MQTTClient client, const char *id, const char *below, const char *payload, int qos) {
    char topic[200];
    MQTTClient_deliveryToken token;
    snprintf(topic, sizeof topic, "iotflow/devices/%s/%s", id, below);
    check(MQTTClient_publish(client, topic, (int)strlen(payload), payload, qos, 0, &token), "publish");
    check(MQTTClient_waitForCompletion(client, token, WAIT_MS), "the acknowledgement");
}

static void answer(MQTTClient client, const char *id) {
    char *topic = NULL, payload[200];
    int length = 0;
    MQTTClient_message *message = NULL;
    check(MQTTClient_receive(client, &topic, &length, &message, WAIT_MS), "the command");
    if (!message) {
        fputs("no command came\n", stderr);
        exit(1);
    }
    char *text = calloc((size_t)message->payloadlen + 1, 1);
    memcpy(text, message->payload, (size_t)message->payloadlen);
    const char *number = strstr(text, "\"command_id\":");
    snprintf(payload, sizeof payload, "{\"command_id\": %ld, \"state\": \"succeeded\"}", number ? atol(number + 13) : 0);
    free(text);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    publish(client, id, "commands/ack", payload, 1);
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const char *id = arguments[2];
    char url[50], topic[200], payload[200];
    MQTTClient client;
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%s", arguments[1]);
    check(MQTTClient_create(&client, url, "paho-c", MQTTCLIENT_PERSISTENCE_NONE, NULL), "create");
    options.username = id;
    options.password = arguments[3];
    check(MQTTClient_connect(client, &options), "connect");
    snprintf(topic, sizeof topic, "iotflow/devices/%s/commands/control", id);
    check(MQTTClient_subscribe(client, topic, 1), "subscribe");
    for (int number = 1; number <= READINGS; number++)
        for (int qos = 1; qos <= 2; qos++) {
            snprintf(payload, sizeof payload, "{\"timestamp\": %lld, \"data\": {\"value\": %d}}",
                     1700000000000LL + 2 * number + qos, number);
            publish(client, id, "telemetry", payload, qos);
        }
    puts("published");
    fflush(stdout);
    answer(client, id);
    check(MQTTClient_disconnect(client, WAIT_MS), "disconnect");
    MQTTClient_destroy(&client);
    puts("ended");
    return 0;
}
