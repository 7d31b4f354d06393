// SPDX-License-Identifier: MIT
#include "core/api/replay_desk.h"

#include <algorithm>
#include <filesystem>

namespace eventops::api {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t NameBytesMax = 1'024;

Error refused(std::string message, std::string remedy)
{
    return Error{Error::Code::Refused, std::move(message), {}, std::move(remedy)};
}

bool isUnderWay(ReplayDesk::State state)
{
    return state == ReplayDesk::State::Waiting || state == ReplayDesk::State::Running;
}

} // namespace

std::string_view toString(ReplayDesk::State state)
{
    constexpr std::string_view Names[] = {"waiting", "running", "done", "failed", "cancelled"};
    return Names[static_cast<std::size_t>(state)];
}

/// What was read is of all tenants together.
Status ReplayDesk::mayLook(const Caller &caller)
{
    if (!caller.tenants.empty())
        return refused("a capture may hold events of all tenants", "use a token of all tenants");
    return Ok{};
}

Status ReplayDesk::mayRead(const Caller &caller)
{
    EVENTOPS_TRY(mayLook(caller));
    if (caller.role < Role::Operator)
        return refused(caller.user + " has no role that may read captures in", "use a token of an operator");
    return Ok{};
}

/// Neither by name nor by a link out of the directory.
Result<std::string> ReplayDesk::pathOf(const std::string &capture) const
{
    if (m_rules.directory.empty())
        return refused("this server reads no captures in", "start it with --captures DIR");
    const fs::path name(capture);
    const bool plain = !capture.empty() && capture.size() <= NameBytesMax && name.is_relative()
                       && capture.find('\0') == std::string::npos
                       && std::none_of(name.begin(), name.end(), [](const fs::path &part) {
                              return part.empty() || part.native().starts_with('.');
                          });
    if (!plain)
        return Error{Error::Code::InvalidArgument,
                     "\"" + capture.substr(0, 100) + "\" is no name of a capture",
                     {},
                     "name a file in the server's directory of captures"};
    std::error_code failed;
    const fs::path root = fs::canonical(m_rules.directory, failed);
    const fs::path path = failed ? fs::path() : fs::canonical(root / name, failed);
    const auto [end, rest] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
    if (failed || end != root.end() || !fs::is_regular_file(path, failed))
        return Error{Error::Code::NotFound,
                     "there is no capture " + capture.substr(0, 100),
                     {},
                     "put it into the server's directory of captures"};
    return path.string();
}

Result<std::shared_ptr<ReplayDesk::Entry>> ReplayDesk::admit(const Caller &caller, const std::string &capture)
{
    const std::lock_guard lock(m_mutex);
    const auto busy = std::count_if(m_entries.begin(), m_entries.end(),
                                    [](const auto &entry) { return isUnderWay(entry->replay.state); });
    if (static_cast<std::size_t>(busy) >= UnderWayMax)
        return Error{Error::Code::Busy, "as many captures as may are being read", {}, "wait for one of them"};
    auto entry = std::make_shared<Entry>();
    entry->replay.id = "r" + std::to_string(++m_count);
    entry->replay.capture = capture;
    entry->replay.user = caller.user;
    m_entries.push_front(entry);
    if (m_entries.size() > RememberedMax) {
        const auto oldest = std::find_if(m_entries.rbegin(), m_entries.rend(),
                                         [](const auto &one) { return !isUnderWay(one->replay.state); });
        m_entries.erase(std::next(oldest).base());
    }
    return entry;
}

Result<ReplayDesk::Replay> ReplayDesk::start(const Caller &caller, const std::string &capture)
{
    EVENTOPS_TRY(mayRead(caller));
    ReplayRequest request;
    request.files = {EVENTOPS_TRY(pathOf(capture))};
    std::tie(request.pipelineName, request.pipelineText) = EVENTOPS_TRY(m_rules.pipeline());
    const std::shared_ptr<Entry> entry = EVENTOPS_TRY(admit(caller, capture));
    // What is read, and by which pipeline, is this server's own say. So an operator may, who else could name any file.
    const Caller server{caller.user, Role::Admin, {}};
    const Ticket ticket = m_backend->replay(
        server, request,
        [self = weak_from_this(), entry](const RunProgress &progress) {
            if (const auto desk = self.lock()) {
                const std::lock_guard lock(desk->m_mutex);
                entry->replay.state = State::Running;
                entry->replay.progress = progress;
            }
        },
        [self = weak_from_this(), entry](const Result<WorkspaceSummary> &outcome) {
            if (const auto desk = self.lock())
                desk->ended(*entry, outcome);
        });
    const std::lock_guard lock(m_mutex);
    entry->ticket = ticket;
    if (!entry->failure)
        return entry->replay;
    std::erase(m_entries, entry); // it never began
    return *entry->failure;
}

void ReplayDesk::ended(Entry &entry, const Result<WorkspaceSummary> &outcome)
{
    const std::lock_guard lock(m_mutex);
    const bool cancelled = !outcome && outcome.error().code == Error::Code::Cancelled;
    entry.replay.state = outcome ? State::Done : cancelled ? State::Cancelled : State::Failed;
    if (entry.replay.state == State::Failed)
        entry.failure = outcome.error();
    if (!outcome && !cancelled) // where a file lies is nothing for a client
        entry.replay.error =
            outcome.error().message + (outcome.error().remedy.empty() ? "" : " (" + outcome.error().remedy + ')');
}

Result<std::vector<ReplayDesk::Replay>> ReplayDesk::list(const Caller &caller) const
{
    EVENTOPS_TRY(mayLook(caller));
    const std::lock_guard lock(m_mutex);
    std::vector<Replay> out;
    for (const auto &entry : m_entries)
        out.push_back(entry->replay);
    return out;
}

Result<ReplayDesk::Replay> ReplayDesk::find(const Caller &caller, const std::string &id) const
{
    const std::vector<Replay> all = EVENTOPS_TRY(list(caller));
    const auto found = std::find_if(all.begin(), all.end(), [&](const Replay &one) { return one.id == id; });
    if (found == all.end())
        return Error{Error::Code::NotFound, "there is no replay " + id.substr(0, 100), {}, "see /api/v1/replays"};
    return *found;
}

Result<ReplayDesk::Replay> ReplayDesk::cancel(const Caller &caller, const std::string &id)
{
    EVENTOPS_TRY(mayRead(caller));
    EVENTOPS_TRY(find(caller, id));
    const std::lock_guard lock(m_mutex);
    for (const auto &entry : m_entries) {
        if (entry->replay.id != id)
            continue;
        entry->ticket.cancel();
        return entry->replay;
    }
    return Error{Error::Code::NotFound, "there is no replay " + id.substr(0, 100), {}, "see /api/v1/replays"};
}

} // namespace eventops::api
