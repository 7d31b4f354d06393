// SPDX-License-Identifier: MIT
#include "core/wire/packets.h"

#include "core/wire/session_forms.h"

namespace eventops::wire {
namespace {

constexpr std::string_view Mark = "eventops"; ///< Before anything else: whoever it is, it speaks this.

bool namesCall(PacketKind kind)
{
    return kind > PacketKind::Refusal;
}

void writeGreeting(Writer &out, const Greeting &greeting)
{
    out.bytes(Mark);
    out(greeting.version, greeting.program);
}

Error notOurs()
{
    return Error{Error::Code::InvalidInput,
                 "what answers there is no engine of EventOps Console",
                 {},
                 "check address and port; the engine is started with: eventops serve"};
}

Result<Greeting> readGreeting(Reader &in)
{
    Greeting greeting;
    const bool isMarked = in.bytes() == Mark;
    in(greeting.version, greeting.program);
    if (!isMarked || in.failed())
        return notOurs();
    return greeting;
}

} // namespace

std::string packet(PacketKind kind, std::uint64_t call, std::string_view body)
{
    Writer head;
    head(static_cast<std::uint8_t>(kind));
    if (namesCall(kind))
        head(call);
    std::string out = head.take();
    out += body;
    return out;
}

Result<Packet> readPacket(std::string_view bytes)
{
    Reader in(bytes);
    std::uint8_t kind = 0;
    Packet out;
    in(kind);
    const bool known = kind <= static_cast<std::uint8_t>(PacketKind::Answer);
    out.kind = known ? static_cast<PacketKind>(kind) : PacketKind::Hello;
    if (known && namesCall(out.kind))
        in(out.call);
    if (!known || in.failed())
        return Error{Error::Code::InvalidInput, "what came over the connection is no packet of it"};
    out.body = bytes.substr(bytes.size() - in.left());
    return out;
}

std::string helloBody(const Greeting &greeting)
{
    Writer out;
    writeGreeting(out, greeting);
    return out.take();
}

std::string welcomeBody(const Greeting &greeting, const Caller &caller)
{
    Writer out;
    writeGreeting(out, greeting);
    out(caller);
    return out.take();
}

std::string refusalBody(const Greeting &greeting, const Error &error)
{
    Writer out;
    writeGreeting(out, greeting);
    out(error.message, error.remedy);
    return out.take();
}

/// Later versions may say more behind it.
Result<Greeting> readHello(std::string_view body)
{
    Reader in(body);
    return readGreeting(in);
}

Result<Welcomed> readWelcome(const Packet &packet, const Greeting &own)
{
    if (packet.kind != PacketKind::Welcome && packet.kind != PacketKind::Refusal)
        return notOurs();
    Reader in(packet.body);
    Welcomed out;
    out.engine = EVENTOPS_TRY(readGreeting(in));
    if (packet.kind == PacketKind::Refusal) {
        Error error{Error::Code::Refused, {}, {}, {}};
        in(error.message, error.remedy);
        return in.failed() ? notOurs() : error;
    }
    if (out.engine.version != own.version)
        return versionMismatch(out.engine, own);
    in(out.caller);
    EVENTOPS_TRY(in.finish());
    return out;
}

Error versionMismatch(const Greeting &engine, const Greeting &console)
{
    const auto shown = [](const Greeting &greeting) {
        return greeting.program.substr(0, 40) + " (protocol " + std::to_string(greeting.version) + ")";
    };
    const bool engineIsOlder = engine.version < console.version;
    return Error{Error::Code::Refused,
                 "the engine is of version " + shown(engine) + " and this console of version " + shown(console)
                     + ", and the two do not understand each other",
                 {},
                 engineIsOlder ? "update the engine to the console's version"
                               : "update the console to the engine's version"};
}

} // namespace eventops::wire
