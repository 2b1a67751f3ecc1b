/* A stand-in for NVIDIA's management library: two cards of different age, and the faults that the environment asks for.
 *
 *     cc -shared -fPIC -o libnvidia-ml.so.1 nvml.c
 *
 * STAND_IN_INIT=18       the library fails to start with this code
 * STAND_IN_COUNT=0       so many cards
 * STAND_IN_LOST=1        this card cannot be opened, with the code in STAND_IN_LOST_CODE (15 without it)
 * STAND_IN_SHARED=1      this card has no memory of its own
 * STAND_IN_MIG=1         this card is cut into slices, as many as STAND_IN_SLICES says
 * STAND_IN_BUSY=43      so busy is each card, in per cent
 * STAND_IN_SICK=hang     the first call never returns; crash: it ends the process
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, MOST_SLICES = 7 };

typedef struct {
    int is_slice;
    const char *name;
    int major, minor;
    unsigned long long memory;
    unsigned int pci;
} card;

typedef struct {
    char bus_id_legacy[16];
    unsigned int domain, bus, device, pci_device_id, pci_sub_system_id;
    char bus_id[32];
} pci_info;

typedef struct {
    unsigned long long total, free, used;
} memory_info;

typedef struct {
    unsigned int gpu, memory;
} utilization;

static card cards[] = {
    {0, "NVIDIA GeForce GTX 1080 Ti", 6, 1, 11264ULL << 20, 0x1b0610de},
    {0, "NVIDIA A100-SXM4-40GB", 8, 0, 40960ULL << 20, 0x20b010de},
};
static card slice = {1, "NVIDIA A100-SXM4-40GB MIG 1g.5gb", 8, 0, 4864ULL << 20, 0x20b010de};

static int asked(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}

static int is_asked_for(const char *name, const card *which) {
    return which == &cards[asked(name, -1) == 1] && asked(name, -1) >= 0;
}

static int say(char *out, unsigned int length, const char *text) {
    snprintf(out, length, "%s", text);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned int flags) {
    const char *sick = getenv("STAND_IN_SICK");
    (void)flags;
    if (sick && strcmp(sick, "hang") == 0)
        for (;;)
            pause();
    if (sick && strcmp(sick, "crash") == 0)
        raise(SIGSEGV);
    return asked("STAND_IN_INIT", SUCCESS);
}

const char *nvmlErrorString(int code) { return code == 2 ? "Invalid Argument" : "an error"; }

int nvmlSystemGetDriverVersion(char *out, unsigned int length) { return say(out, length, "535.183.01"); }

int nvmlSystemGetNVMLVersion(char *out, unsigned int length) { return say(out, length, "12.535.216.03"); }

int nvmlDeviceGetCount_v2(unsigned int *out) {
    *out = asked("STAND_IN_COUNT", 2);
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **out) {
    if ((int)index == asked("STAND_IN_LOST", -1))
        return asked("STAND_IN_LOST_CODE", 15);
    *out = &cards[index];
    return SUCCESS;
}

int nvmlDeviceGetName(void *handle, char *out, unsigned int length) { return say(out, length, ((card *)handle)->name); }

int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor) {
    *major = ((card *)handle)->major;
    *minor = ((card *)handle)->minor;
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(void *handle, memory_info *out) {
    if (is_asked_for("STAND_IN_SHARED", handle))
        return NOT_SUPPORTED;
    *out = (memory_info){((card *)handle)->memory, 0, 0};
    return SUCCESS;
}

int nvmlDeviceGetPciInfo_v3(void *handle, pci_info *out) {
    memset(out, 0, sizeof *out);
    out->pci_device_id = ((card *)handle)->pci;
    return SUCCESS;
}

int nvmlDeviceGetUUID(void *handle, char *out, unsigned int length) {
    return say(out, length, handle == &cards[0] ? "GPU-old" : "GPU-new");
}

int nvmlDeviceGetUtilizationRates(void *handle, utilization *out) {
    if (is_asked_for("STAND_IN_MIG", handle))
        return NOT_SUPPORTED;
    *out = (utilization){asked("STAND_IN_BUSY", 0), 0};
    return SUCCESS;
}

int nvmlDeviceGetMigMode(void *handle, unsigned int *current, unsigned int *pending) {
    if (((card *)handle)->major < 8)
        return NOT_SUPPORTED;
    *current = *pending = is_asked_for("STAND_IN_MIG", handle);
    return SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned int *out) {
    (void)handle;
    *out = MOST_SLICES;
    return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned int index, void **out) {
    (void)handle;
    if ((int)index >= asked("STAND_IN_SLICES", 0))
        return NOT_FOUND;
    *out = &slice;
    return SUCCESS;
}
