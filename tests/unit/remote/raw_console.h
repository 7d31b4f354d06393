// SPDX-License-Identifier: MIT
#pragma once

#include "core/wire/calls.h"
#include "core/wire/packets.h"
#include "core/wire/session_forms.h"
#include "tests/unit/api/http_client.h"

namespace eventops::test {

/// A console byte by byte, well-behaved or not. Its frames are masked with zeros, which is allowed.
class RawConsole
{
public:
    explicit RawConsole(quint16 port) : m_client(port), m_port(port) {}

    static QByteArray upgrade(quint16 port, const QByteArray &token, const QByteArray &headers = {})
    {
        QByteArray request = "GET /api/v1/attach HTTP/1.1\r\n";
        if (!("\r\n" + headers.toLower()).contains("\r\nhost:"))
            request += "Host: localhost:" + QByteArray::number(port) + "\r\n";
        if (!token.isEmpty())
            request += "Authorization: Bearer " + token + "\r\n";
        return request
               + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               + headers + "\r\n";
    }
    /// The status of the answer.
    int open(const QByteArray &token, const QByteArray &headers = {})
    {
        m_client.send(upgrade(m_port, token, headers));
        return m_client.read(true).status;
    }
    void send(const std::string &packet, char opcode = 2) { m_client.send(frame(packet, opcode)); }
    void hello(std::uint32_t version = wire::PacketVersion)
    {
        send(wire::packet(wire::PacketKind::Hello, 0, wire::helloBody({version, "test"})));
    }
    template <typename... Arguments>
    void call(std::uint64_t number, std::uint8_t which, const Arguments &...arguments)
    {
        wire::Writer out;
        out(which, arguments...);
        send(wire::packet(wire::PacketKind::Call, number, out.take()));
    }
    HttpClient &client() { return m_client; }

    static QByteArray frame(const std::string &payload, char opcode)
    {
        QByteArray out(1, static_cast<char>(0x80 | opcode));
        const std::size_t size = payload.size();
        if (size < 126) {
            out += static_cast<char>(0x80 | size);
        } else {
            const int bytes = size < 65'536 ? 2 : 8;
            out += static_cast<char>(0x80 | (bytes == 2 ? 126 : 127));
            for (int i = bytes - 1; i >= 0; --i)
                out += static_cast<char>(size >> (8 * i));
        }
        return out + QByteArray(4, '\0') + QByteArray(payload.data(), static_cast<qsizetype>(size));
    }

private:
    HttpClient m_client;
    const quint16 m_port;
};

} // namespace eventops::test
