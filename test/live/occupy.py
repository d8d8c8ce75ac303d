"""A neighbour of a run on the same interface, for tests.

occupy.py queue IF N            holds an AF_XDP socket on queue N until standard input closes: the
                                interface cannot have fewer channels meanwhile
occupy.py flows IF MAC COUNT    sends COUNT UDP frames to 10.0.0.2:8080 at that MAC, each from a port
                                of its own
"""
import ctypes
import mmap
import socket
import struct
import sys

AF_XDP, SOL_XDP = 44, 283
XDP_RX_RING, XDP_UMEM_REG, XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING = 2, 4, 5, 6
XDP_COPY = 2
FRAMES, FRAME_BYTES = 16, 4096


def queue(interface, number):
    area = mmap.mmap(-1, FRAMES * FRAME_BYTES)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    xsk = socket.socket(AF_XDP, socket.SOCK_RAW, 0)
    xsk.setsockopt(SOL_XDP, XDP_UMEM_REG, struct.pack("QQIII4x", address, len(area), FRAME_BYTES, 0, 0))
    for ring in (XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING):
        xsk.setsockopt(SOL_XDP, ring, struct.pack("I", FRAMES))
    name = struct.pack("HHIII", AF_XDP, XDP_COPY, socket.if_nametoindex(interface), number, 0)
    if ctypes.CDLL(None, use_errno=True).bind(xsk.fileno(), name, len(name)) != 0:
        raise OSError(ctypes.get_errno(), "bind")
    print("ready", flush=True)
    sys.stdin.read()


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def flows(interface, mac, count):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((interface, 0))
    ethernet = bytes.fromhex(mac.replace(":", "")) + bytes([2, 0, 0, 0, 0, 9]) + b"\x08\x00"
    payload = bytes(64)
    addresses = socket.inet_aton("10.0.0.1") + socket.inet_aton("10.0.0.2")
    start = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0)
    ip = start[:10] + struct.pack("!H", checksum(start + addresses)) + addresses
    for i in range(count):
        udp = struct.pack("!HHHH", 20000 + i, 8080, 8 + len(payload), 0)
        raw.send(ethernet + ip + udp + payload)


def main():
    match sys.argv[1:]:
        case ["queue", interface, number]:
            queue(interface, int(number))
        case ["flows", interface, mac, count]:
            flows(interface, mac, int(count))
        case _:
            sys.exit(__doc__)


main()
