/* What the example uses of Arduino's WiFi for ESP32 3. */
#include <stddef.h>
#include <stdint.h>

struct WiFiStub {
    void begin(const char *name, const char *password);
};
extern WiFiStub WiFi;
struct WiFiClient {
    int connect(const char *host, uint16_t port);
    int available();
    int read(uint8_t *data, size_t size);
    size_t write(const uint8_t *data, size_t size);
    uint8_t connected();
    void stop();
};
