// bpf_snprintf: every conversion that has the same text everywhere, into buffers that are long enough
// and into such that are not.
#include "common.bpf.h"

#define ROOM 64

struct text {
  char bytes[ROOM];
  __s64 length;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct text);
  __uint(max_entries, 1);
} texts_out SEC(".maps");

#define PRINT(format, ...)                                                       \
  ({                                                                             \
    static const char text_of[] = format;                                        \
    __u64 values[] = {__VA_ARGS__};                                              \
    bpf_snprintf(text->bytes, room, text_of, values, sizeof values);             \
  })

SEC("xdp")
int texts(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  if ((void *)(data + 54) > (void *)(long)ctx->data_end) return XDP_PASS;
  __u32 key = 0;
  struct text *text = bpf_map_lookup_elem(&texts_out, &key);
  if (!text) return XDP_ABORTED;
  __u32 word = word_of(ctx);
  __u64 value = *(__u64 *)(data + 38) ^ word;
  if (word & 0x100) value >>= word & 63;
  __u32 room = word & 0x3200 ? ROOM : word >> 14 & (ROOM - 1);
  char name[8] = {'a' + data[39] % 26, 'a' + data[40] % 26, data[41] & 1 ? 'z' : 0, 0};
  __u8 address[16];
  __builtin_memcpy(address, data + 26, sizeof address);
  __builtin_memset(text, 0x55, sizeof *text);
  long length = 0;
  switch (word % 13) {
    case 0: length = PRINT("%d %i|%u", value, value >> 7, value); break;
    case 1: length = PRINT("%lld %ld|%llu %lu", value, value, value, value); break;
    case 2: length = PRINT("%x %X %lx %llX", value, value, value, value); break;
    case 3: length = PRINT("%5d|%-5d|%05d|%+d|% d", value & 0xfff, -(value & 0xff), value, value & 15, value & 31); break;
    case 4: length = PRINT("%016llx %-12x|%+05d", value, value, value & 0xfff); break;
    case 5: length = PRINT("%s:%8s|%-8s|%c%4c%-3c!", (__u64)name, (__u64)name, (__u64)name, value, 'x', 'y'); break;
    case 6: length = PRINT("%pI4 %pi4", (__u64)address, (__u64)(address + 4)); break;
    case 7: length = PRINT("%pI6", (__u64)address); break;
    case 8: length = PRINT("%pi6 %pI4", (__u64)address, (__u64)address); break;
    case 9: length = PRINT("%px %20px|%-px|", value, value & 0xffff, value); break;
    case 10: length = PRINT("100%% %% of %d", value); break;
    case 11: length = PRINT("%s %pks|%pus", 0, (__u64)name, (__u64)name); break;
    default: {
      static const char plain[] = "nothing to convert";
      length = bpf_snprintf(text->bytes, room, plain, 0, 0);
    }
  }
  text->length = length;
  return (int)(length & 0xff) + (text->bytes[word >> 17 & (ROOM - 1)] & 15);
}
char _license[] SEC("license") = "GPL";
