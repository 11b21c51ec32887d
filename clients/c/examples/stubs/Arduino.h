/* What the example uses of Arduino for ESP32 3. */
#ifndef STUB_ARDUINO_H
#define STUB_ARDUINO_H
#include <stdint.h>

uint32_t millis(void);
void delay(uint32_t ms);
int analogRead(uint8_t pin);
struct HardwareSerial {
    void begin(unsigned long baud);
    void println(const char *line);
    void printf(const char *format, ...);
};
extern HardwareSerial Serial;
#endif
