"""Real kernel traffic for the dissection test: run inside the client's namespace.

traffic.py server ADDR4 ADDR6        answers on UDP and TCP port 7100 until standard input closes
traffic.py client ADDR4 ADDR6 ...    sends everything once (the tagged networks' addresses follow)
traffic.py tag IF TAP TPID:VID ...   moves frames between a tap device and IF, tagged on IF; until
                                     standard input closes (VLAN devices are a kernel module
                                     that is not everywhere)
traffic.py frames IF FILE            sends the frames (one hexadecimal line each) as they are
traffic.py checksums IF on|off       transmit checksum offload of an interface
"""
import array
import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import sys
import threading
import time

PORT = 7100
SO_NO_CHECK = 11
SIOCETHTOOL = 0x8946
ETHTOOL_STXCSUM = 0x17
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA = 263, 8
TP_STATUS_VLAN_VALID = 0x10


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(addresses):
    for address in addresses:
        udp = socket.socket(family(address), socket.SOCK_DGRAM)
        udp.bind((address, PORT))
        threading.Thread(target=echo_udp, args=(udp,), daemon=True).start()
        tcp = socket.socket(family(address), socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((address, PORT))
        tcp.listen()
        threading.Thread(target=echo_tcp, args=(tcp,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


def echo_udp(udp):
    while True:
        data, peer = udp.recvfrom(65535)
        udp.sendto(data[:1000], peer)


def echo_tcp(tcp):
    while True:
        connection, _ = tcp.accept()
        with connection, contextlib.suppress(ConnectionError):  # the client may reset it
            while data := connection.recv(65536):
                connection.sendall(data[:100])


def ask_udp(address, sizes, *options):
    with socket.socket(family(address), socket.SOCK_DGRAM) as udp:
        udp.settimeout(2)
        for level, name, value in options:
            udp.setsockopt(level, name, value)
        for size in sizes:
            udp.sendto(os.urandom(size), (address, PORT))
            udp.recv(65535)


def talk_tcp(address, size, reset):
    with socket.socket(family(address), socket.SOCK_STREAM) as tcp:
        tcp.connect((address, PORT))
        tcp.sendall(os.urandom(size))
        tcp.recv(100)
        tcp.send(b"!", socket.MSG_OOB)  # urgent pointer
        if reset:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ping(address, size, *options):
    v6 = ":" in address
    kind = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with socket.socket(family(address), socket.SOCK_RAW, kind) as raw:
        raw.settimeout(2)
        for level, name, value in options:
            raw.setsockopt(level, name, value)
        message = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, 7, size & 0xFFFF) + os.urandom(size)
        if not v6:  # the kernel fills in ICMPv6's checksum only
            total = sum(struct.unpack(f"!{(len(message) + 1) // 2}H", message + b"\0" * (len(message) & 1)))
            total = (total & 0xFFFF) + (total >> 16)
            total = (total & 0xFFFF) + (total >> 16)
            message = message[:2] + struct.pack("!H", ~total & 0xFFFF) + message[4:]
        # The first frame on a path waits for the neighbour to be found, and may be lost with that.
        for attempts_left in range(9, -1, -1):
            raw.sendto(message, (address, 0))
            try:
                raw.recv(65535)
                return
            except TimeoutError:
                if attempts_left == 0:
                    raise


def join_groups(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((address, PORT))
        own = socket.inet_aton(udp.getsockname()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        group = "239.1.2.3"
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + own)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        udp.sendto(b"multicast", (group, PORT))


def client(v4, v6, *tagged):
    ip, ip6 = socket.IPPROTO_IP, socket.IPPROTO_IPV6
    router_alert = b"\x94\x04\0\0"
    record_route = b"\x01\x07\x0f\x04" + bytes(12)
    options6 = b"\0\0\x1e\x04\1\2\3\4"  # an option that a receiver skips
    for address in (v4, v6):
        for size in (0, 1, 56, 1001, 4000):  # 4000: fragments
            ping(address, size)
        ask_udp(address, (0, 1, 7, 24, 1471, 5000))
        for size, reset in ((10, False), (1, True), (200_000, False)):
            talk_tcp(address, size, reset)
    ask_udp(v4, (3, 30), (socket.SOL_SOCKET, SO_NO_CHECK, 1))
    ask_udp(v4, (3, 30), (ip, socket.IP_TOS, 0xB8 | 1), (ip, socket.IP_TTL, 3))
    ask_udp(v4, (3, 30), (ip, socket.IP_OPTIONS, router_alert))
    ping(v4, 20, (ip, socket.IP_OPTIONS, record_route))
    ask_udp(v6, (3, 30), (ip6, socket.IPV6_DSTOPTS, options6))
    ask_udp(v6, (3, 2000), (ip6, socket.IPV6_DSTOPTS, options6), (ip6, socket.IPV6_HOPOPTS, options6))
    ask_udp(v6, (3, 30), (ip6, socket.IPV6_TCLASS, 0x2E), (ip6, socket.IPV6_UNICAST_HOPS, 9))
    join_groups(v4)
    for address in tagged:
        ping(address, 30)
        ask_udp(address, (5, 2000))
        talk_tcp(address, 5000, False)


def tag(interface, tap, *tags):
    """Outermost tag first: `0x88a8:200 0x8100:300` is QinQ."""
    pairs = [tuple(int(part, 0) for part in each.split(":")) for each in tags]
    prefix = b"".join(struct.pack("!HH", *pair) for pair in pairs)
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    raw.bind((interface, ETH_P_ALL))
    raw.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)

    def outwards():
        while frame := os.read(device, 65536):
            raw.send(frame[:12] + prefix + frame[12:])

    def inwards():
        while True:
            frame, extra, _, address = raw.recvmsg(65536, 64)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            # The kernel takes the outer tag off and tells of it beside the frame.
            for _, _, data in extra:
                status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
                if status & TP_STATUS_VLAN_VALID:
                    frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
            if frame[12 : 12 + len(prefix)] == prefix:
                with contextlib.suppress(OSError):  # the tap is not up yet
                    os.write(device, frame[:12] + frame[12 + len(prefix) :])

    for work in (outwards, inwards):
        threading.Thread(target=work, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


def frames(interface, path):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw, open(path) as lines:
        raw.bind((interface, 0))
        for line in lines:
            raw.send(bytes.fromhex(line))
            time.sleep(0.0005)


def checksums(interface, state):
    value = array.array("B", struct.pack("II", ETHTOOL_STXCSUM, int(state == "on")))
    request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
    buffer = ctypes.create_string_buffer(request, 40)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, buffer)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands = {"client": client, "tag": tag, "frames": frames, "checksums": checksums}
    commands["server"] = lambda *addresses: serve(addresses)
    commands[command](*arguments)
