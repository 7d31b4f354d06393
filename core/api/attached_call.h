// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/attach_outbox.h"
#include "core/wire/calls.h"
#include "core/wire/packets.h"
#include "core/wire/wire_io.h"

#include <array>
#include <memory>
#include <mutex>
#include <string>

namespace eventops::api {

/// A directory of this process's own with the file that an export makes for a console; both go with it.
class ExportedFile
{
public:
    static Result<std::shared_ptr<ExportedFile>> make();
    ~ExportedFile();
    ExportedFile(const ExportedFile &) = delete;
    ExportedFile &operator=(const ExportedFile &) = delete;
    std::string path() const { return m_directory + "/export"; }

private:
    explicit ExportedFile(std::string directory) : m_directory(std::move(directory)) {}
    const std::string m_directory;
};

/// One call of a console on the back end, and the way of its answer. Thread: any.
class AttachedCall
{
public:
    AttachedCall(std::uint64_t number, std::shared_ptr<AttachOutbox> outbox)
        : m_number(number), m_outbox(std::move(outbox))
    {
    }

    void page(std::string body); ///< Waits while much waits for the console.
    void level(std::string body);
    void answer(std::string body);
    void fail(const Error &error);
    /// @p file goes to the console, then the answer.
    void answerWithFile(std::shared_ptr<ExportedFile> file, std::string body);

    void began(Ticket ticket); ///< Called once, when the back end has been asked.
    void cancel();
    bool cancelled() const { return m_cancelled; }

    /// A file to send, and the answer behind it; once.
    struct FileAnswer {
        std::shared_ptr<ExportedFile> file;
        std::string body;
    };
    std::optional<FileAnswer> takeFile();
    void endFile(std::string body) { put(wire::packet(wire::PacketKind::Answer, m_number, body)); }

private:
    void put(std::string packet);

    const std::uint64_t m_number;
    const std::shared_ptr<AttachOutbox> m_outbox;
    std::atomic<bool> m_cancelled{false};
    std::mutex m_mutex;
    std::optional<Ticket> m_ticket;
    std::optional<FileAnswer> m_file;
    std::chrono::nanoseconds m_heldBack{0}; ///< Pages of a call come one after the other.
    std::optional<Error> m_failure;         ///< Instead of the answer that comes.
};

/// Reads the arguments of a call and asks the back end.
using StartCall = void (*)(Backend &backend, const Caller &caller, wire::Reader &in,
                           const std::shared_ptr<AttachedCall> &call);
/// By number in wire::Calls.
const std::array<StartCall, wire::Calls::count> &startCalls();

} // namespace eventops::api
