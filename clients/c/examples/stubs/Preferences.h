/* What the example uses of Arduino's Preferences for ESP32 3. */
#include <stddef.h>
#include <stdint.h>

struct Preferences {
    bool begin(const char *name);
    uint32_t getUInt(const char *key, uint32_t absent);
    size_t putUInt(const char *key, uint32_t value);
    size_t getString(const char *key, char *value, size_t size);
    size_t putString(const char *key, const char *value);
};
