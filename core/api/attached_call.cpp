// SPDX-License-Identifier: MIT
#include "core/api/attached_call.h"

#include "core/wire/session_forms.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace eventops::api {
namespace {

Error tooSlow()
{
    return Error{Error::Code::LimitExceeded,
                 "the console took the answer too slowly, and others wait for the engine",
                 {},
                 "ask for fewer rows, or export to a file"};
}

Error tooLarge()
{
    return Error{Error::Code::LimitExceeded,
                 "the answer is too large to be sent in one piece",
                 {},
                 "narrow the question: a filter, a span of time, fewer groups"};
}

template <typename Page>
void sendPage(AttachedCall &call, const Page &page)
{
    if constexpr (std::is_same_v<Page, EventPage>) {
        for (std::size_t begin = 0; begin < page.rows.size();) {
            const std::size_t rows = wire::rowsOfAbout(page, begin, wire::PageBytesAbout);
            wire::Writer out;
            wire::writeEventPage(out, page, begin, begin + rows);
            call.page(out.take());
            begin += rows;
        }
    } else if constexpr (wire::isLevel<Page>) {
        call.level(wire::encode(page));
    } else {
        call.page(wire::encode(page));
    }
}

template <typename T>
void sendAnswer(AttachedCall &call, const Result<T> &answer)
{
    if (answer)
        call.answer(wire::encode(answer.value()));
    else
        call.fail(answer.error());
}

/// The console's file, not ours: it is made here and sent.
Ticket startExport(Backend &backend, const Caller &caller, ExportRequest request,
                   const std::shared_ptr<AttachedCall> &call)
{
    auto made = ExportedFile::make();
    if (!made) {
        call->fail(made.error());
        return {};
    }
    const std::shared_ptr<ExportedFile> file = std::move(made).value();
    request.path = file->path();
    request.overwrite = false;
    return backend.exportCapture(
        caller, request, [call](const ExportProgress &progress) { sendPage(*call, progress); },
        [call, file](const Result<ExportProgress> &done) {
            if (done)
                call->answerWithFile(file, wire::encode(done.value()));
            else
                call->fail(done.error());
        });
}

template <auto Method>
Ticket ask(Backend &backend, const Caller &caller, typename wire::SignatureOf<Method>::Arguments &arguments,
           const std::shared_ptr<AttachedCall> &call)
{
    using Of = wire::SignatureOf<Method>;
    if constexpr (std::is_same_v<wire::Call<Method>, wire::Call<&Backend::exportCapture>>) {
        return startExport(backend, caller, std::get<0>(arguments), call);
    } else {
        return std::apply(
            [&](const auto &...values) {
                const auto page = [call](const auto &made) {
                    sendPage(*call, made);
                };
                const auto done = [call](const auto &result) {
                    sendAnswer(*call, result);
                };
                if constexpr (std::is_void_v<typename Of::Answer>)
                    return (backend.*Method)(caller, values..., page);
                else if constexpr (std::is_void_v<typename Of::Page>)
                    return (backend.*Method)(caller, values..., done);
                else
                    return (backend.*Method)(caller, values..., page, done);
            },
            arguments);
    }
}

template <auto Method>
void start(Backend &backend, const Caller &caller, wire::Reader &in, const std::shared_ptr<AttachedCall> &call)
{
    typename wire::SignatureOf<Method>::Arguments arguments;
    std::apply([&in](auto &...values) { in(values...); }, arguments);
    if (const Status read = in.finish(); !read)
        return call->fail(read.error());
    call->began(ask<Method>(backend, caller, arguments, call));
}

struct MakeStart {
    template <auto Method>
    static constexpr StartCall make()
    {
        return &start<Method>;
    }
};

} // namespace

const std::array<StartCall, wire::Calls::count> &startCalls()
{
    static constexpr auto table = wire::Calls::table<MakeStart>();
    return table;
}

Result<std::shared_ptr<ExportedFile>> ExportedFile::make()
{
    const char *given = std::getenv("TMPDIR");
    std::string directory =
        std::string(given != nullptr && *given != '\0' ? given : "/tmp") + "/eventops-export-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) // for its owner alone
        return Error{Error::Code::Io,
                     std::string("the engine cannot make a file to export into: ") + std::strerror(errno),
                     {directory, 0, 0},
                     "make room there, or set TMPDIR for the engine"};
    return std::shared_ptr<ExportedFile>(new ExportedFile(std::move(directory)));
}

ExportedFile::~ExportedFile()
{
    ::unlink(path().c_str());
    ::rmdir(m_directory.c_str());
}

void AttachedCall::put(std::string packet)
{
    const auto failure = [this](const Error &error) {
        return wire::packet(wire::PacketKind::Answer, m_number, wire::encode(false) + wire::encode(error));
    };
    if (packet.size() > wire::PacketBytesMax)
        packet = failure(tooLarge());
    if (m_outbox->answer(m_number, std::move(packet), m_heldBack) == AttachOutbox::Put::TooSlow)
        m_outbox->answer(m_number, failure(tooSlow()), m_heldBack);
}

void AttachedCall::page(std::string body)
{
    if (m_failure || m_cancelled)
        return;
    std::string packet = wire::packet(wire::PacketKind::Page, m_number, body);
    if (packet.size() > wire::PacketBytesMax) {
        m_failure = tooLarge();
        return cancel();
    }
    if (m_outbox->page(std::move(packet), m_heldBack, m_cancelled) == AttachOutbox::Put::TooSlow) {
        m_failure = tooSlow();
        cancel();
    }
}

void AttachedCall::level(std::string body)
{
    if (!m_cancelled)
        m_outbox->level(m_number, wire::packet(wire::PacketKind::Level, m_number, body));
}

void AttachedCall::answer(std::string body)
{
    if (m_failure)
        return fail(*m_failure);
    put(wire::packet(wire::PacketKind::Answer, m_number, wire::encode(true) + body));
}

void AttachedCall::fail(const Error &error)
{
    put(wire::packet(wire::PacketKind::Answer, m_number,
                     wire::encode(false) + wire::encode(m_failure ? *m_failure : error)));
}

void AttachedCall::answerWithFile(std::shared_ptr<ExportedFile> file, std::string body)
{
    const std::lock_guard lock(m_mutex);
    m_file = FileAnswer{std::move(file), wire::encode(true) + body};
    m_outbox->wake();
}

void AttachedCall::began(Ticket ticket)
{
    const std::lock_guard lock(m_mutex);
    m_ticket = std::move(ticket);
    if (m_cancelled)
        m_ticket->cancel();
}

void AttachedCall::cancel()
{
    m_cancelled = true;
    const std::lock_guard lock(m_mutex);
    if (m_ticket)
        m_ticket->cancel();
}

std::optional<AttachedCall::FileAnswer> AttachedCall::takeFile()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_file, std::nullopt);
}

} // namespace eventops::api
