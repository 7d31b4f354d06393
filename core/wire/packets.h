// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <cstdint>
#include <string>
#include <string_view>

// What goes over the connection of an attached console, one packet a WebSocket message:
//
//     console → engine    Hello, then any number of Call and Cancel
//     engine → console    Welcome or Refusal, then for each call any number of Page, Level and File, and one Answer
//
// A packet is its kind (one byte), the number of its call (but for the first three), and a body. Forms: see wire_io.h.
namespace eventops::wire {

/// Of the forms of all packets. Another number: the two ends do not understand each other, and say so.
constexpr std::uint32_t PacketVersion = 1;
constexpr char AttachPath[] = "/api/v1/attach";

constexpr std::size_t RequestBytesMax = 2u << 20; ///< Of a packet to the engine …
constexpr std::size_t PacketBytesMax = 12u << 20; ///< … and of one from it.
constexpr std::size_t PageBytesAbout = 1u << 20;  ///< Pages of events are cut to about this.
constexpr std::size_t FilePartBytes = 256u << 10;

enum class PacketKind : std::uint8_t {
    // The first three mean the same in every version.
    Hello,   ///< PacketVersion, program version.
    Welcome, ///< PacketVersion, program version, the Caller that the token is of.
    Refusal, ///< PacketVersion, program version, sentence, remedy.
    Call,    ///< Number in Calls, arguments.
    Cancel,  ///< Nothing.
    Page,    ///< The page.
    Level,   ///< The page; the newest stands for those before it.
    File,    ///< A part of the file that an export makes.
    Answer,  ///< Whether it went well; the answer or the Error.
};

struct Packet {
    PacketKind kind = PacketKind::Hello;
    std::uint64_t call = 0;
    std::string_view body; ///< Into the bytes that were read.
};

std::string packet(PacketKind kind, std::uint64_t call, std::string_view body);
/// InvalidInput.
Result<Packet> readPacket(std::string_view bytes);

/// Who speaks, and of its peer what can be said in every version.
struct Greeting {
    std::uint32_t version = PacketVersion;
    std::string program; ///< "0.6.0"
};
std::string helloBody(const Greeting &greeting);
std::string welcomeBody(const Greeting &greeting, const Caller &caller);
std::string refusalBody(const Greeting &greeting, const Error &error);

struct Welcomed {
    Greeting engine;
    Caller caller;
};
Result<Greeting> readHello(std::string_view body);
/// The Welcome's content, or the error to tell: of a Refusal, of another version, of what cannot be read.
Result<Welcomed> readWelcome(const Packet &packet, const Greeting &own);

/// Refused, naming both versions and what to do.
Error versionMismatch(const Greeting &engine, const Greeting &console);

} // namespace eventops::wire
