// SPDX-License-Identifier: MIT
#include "core/session/webhook_feed.h"

#include "core/base/hash.h"
#include "core/codec/action_events.h"
#include "core/codec/alert.h"
#include "core/codec/deviation.h"
#include "core/filter/rows.h"

#include <algorithm>
#include <random>

namespace eventops {
namespace {

constexpr std::size_t GatherMax = 64;    ///< Messages in memory at a time; nothing of the ledger is held meanwhile.
constexpr std::uint64_t LookMax = 5'000; ///< Findings looked at between two writings of the mark.
constexpr std::size_t SaveEvery = 16;    ///< Messages between two writings: so many may come twice after a crash.
constexpr std::chrono::seconds SecretWait{5};
constexpr std::size_t IdDigits = 32;
constexpr std::string_view FindingKind = "finding", ActionKind = "action";

Error stopped()
{
    return Error{Error::Code::Cancelled, "stopped; delivery goes on from here next time"};
}

/// An action as far as its request tells, for a filter: the newest version is another one by now.
Action actionOf(const ActionRequestMessage &request)
{
    Action action;
    action.suggestion.id = request.actionId.substr(0, request.actionId.rfind('.'));
    action.suggestion.command = request.command;
    action.suggestion.args = request.args;
    action.suggestion.tenant = request.tenant;
    action.suggestion.entityType = request.entityType;
    action.suggestion.entityId = request.entityId;
    action.suggestion.correlationId = request.correlationId;
    return action;
}

} // namespace

WebhookFeed::WebhookFeed(const Workspace &workspace, const WebhookHook &hook, std::function<bool()> mustStop,
                         const WebhookPatience &patience, const Clock *clock)
    : m_workspace(workspace),
      m_hook(hook),
      m_mustStop(std::move(mustStop)),
      m_patience(patience),
      m_clock(clock != nullptr ? *clock : m_systemClock)
{
}

WebhookFeed::~WebhookFeed() = default;

Result<std::unique_ptr<WebhookFeed>> WebhookFeed::open(const Workspace &workspace, const WebhookHook &hook,
                                                       std::function<bool()> mustStop, const WebhookPatience &patience,
                                                       const Clock *clock)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    std::unique_ptr<WebhookFeed> feed(new WebhookFeed(workspace, hook, std::move(mustStop), patience, clock));
    feed->m_filter = EVENTOPS_TRY(Filter::parse(hook.filter));
    feed->m_sender = EVENTOPS_TRY(WebhookSender::open(hook, feed->m_mustStop));
    feed->m_ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Read, {}));
    return feed;
}

/// As another process may have left it meanwhile.
Status WebhookFeed::findMark()
{
    auto mark = WebhookMark::read(m_hook.markFile(m_workspace));
    m_mark = mark ? std::move(mark).value() : WebhookMark();
    m_kept = m_kept && mark;
    if (m_mark.findings > EVENTOPS_TRY(m_ledger->ends()).finding)
        m_mark.findings = m_mark.actions = 0; // the ledger was begun anew
    auto keys = m_hook.keys(m_workspace);     // a new secret counts at once
    if (!keys) {
        m_mark.trouble = keys.error().text();
        m_wait = SecretWait;
        EVENTOPS_TRY(save());
        return Error{Error::Code::Unavailable, keys.error().message, keys.error().where, keys.error().remedy};
    }
    m_keys = std::move(keys).value();
    return Ok{};
}

Status WebhookFeed::save()
{
    const Status written = m_mark.write(m_hook.markFile(m_workspace));
    m_kept = static_cast<bool>(written);
    if (written)
        return written;
    const std::string remedy = written.error().code == Error::Code::Full
                                   ? "make room on this disk"
                                   : "see that it is a file, in a folder that may be written to";
    return Error{written.error().code,
                 "nothing is delivered, because it cannot be kept how far delivery got: " + written.error().message,
                 {m_hook.markFile(m_workspace), 0, 0},
                 remedy + "; delivery then goes on, and what comes twice has the same id"};
}

Status WebhookFeed::catchUp()
{
    const FileLock lock = EVENTOPS_TRY(FileLock::take(m_workspace, m_hook.lockName()));
    EVENTOPS_TRY(findMark());
    if (m_mark.gone)
        return Error{Error::Code::Refused,
                     "the target wants no more messages",
                     {},
                     "eventops webhook retry " + m_hook.name + " offers again"};
    EVENTOPS_TRY(push(std::string(FindingKind), &WebhookMark::findings));
    return push(std::string(ActionKind), &WebhookMark::actions);
}

Status WebhookFeed::push(const std::string &kind, std::uint64_t WebhookMark::*mark)
{
    for (bool more = true; more;) {
        std::vector<Numbered> messages;
        const std::uint64_t before = m_mark.*mark;
        std::uint64_t upTo = before;
        EVENTOPS_TRY(gather(kind, before, GatherMax, messages, upTo, more));
        if (!messages.empty() && !m_kept) // or the same messages would go out for as long as this cannot be written
            EVENTOPS_TRY(save());
        std::size_t unsaved = 0;
        for (const Numbered &numbered : messages) {
            if (m_mustStop()) {
                EVENTOPS_TRY(save());
                return stopped();
            }
            EVENTOPS_TRY(deliver(kind, numbered));
            m_mark.*mark = numbered.number;
            if (++unsaved % SaveEvery == 0)
                EVENTOPS_TRY(save());
        }
        m_mark.*mark = upTo;
        if (upTo != before)
            EVENTOPS_TRY(save());
        if (m_mustStop())
            return stopped();
    }
    return Ok{};
}

/// The next messages behind @p after, and how far the ledger was looked through for them.
Status WebhookFeed::gather(const std::string &kind, std::uint64_t after, std::size_t messagesMax,
                           std::vector<Numbered> &out, std::uint64_t &upTo, bool &more)
{
    more = false;
    if (kind == FindingKind) {
        std::uint64_t looked = 0;
        return m_ledger->findingsAfter(after, [&](std::uint64_t number, const Finding &finding) {
            upTo = number;
            if (auto message = messageOf(finding))
                out.push_back({number, std::move(*message)});
            more = out.size() >= messagesMax || ++looked >= LookMax;
            return !more;
        });
    }
    std::vector<InputRow> rows;
    EVENTOPS_TRY(m_ledger->actionDocumentsAfter(after, [&](const InputRow &row) {
        upTo = row.number;
        rows.push_back(row);
        more = rows.size() >= messagesMax;
        return !more;
    }));
    for (const InputRow &row : rows) {
        if (auto message = messageOf(row))
            out.push_back({row.number, std::move(*message)});
    }
    return Ok{};
}

/// Nothing: it is not for this target.
std::optional<WebhookMessage> WebhookFeed::messageOf(const Finding &finding) const
{
    WebhookMessage message;
    if (!finding.alert.empty() && m_hook.sends(WebhookHook::Alerts)) {
        message.type = AlertTopic;
        message.data = finding.alert;
    } else if (isDeviation(finding) && m_hook.sends(WebhookHook::Deviations)) {
        auto document = encodeDeviation(finding);
        if (!document)
            return std::nullopt; // without a time: the ledger alone has it
        message.type = DeviationType;
        message.data = std::move(document).value();
    }
    if (message.data.empty() || !m_filter.matches(FindingRow(finding)))
        return std::nullopt;
    message.id = std::string(FindingKind) + '_' + finding.id;
    message.subject = finding.entityId;
    message.time = finding.ts;
    return message;
}

std::optional<WebhookMessage> WebhookFeed::messageOf(const InputRow &row)
{
    WebhookMessage message;
    const auto passes = [&](const std::string &actionId, Action otherwise) {
        const auto found = m_ledger->action(actionId);
        const Action &action = found ? found.value() : otherwise;
        return m_filter.matchesAll() || m_filter.matches(ActionRow(action));
    };
    if (const auto request = decodeActionRequested(row.payload)) {
        if (!m_hook.sends(WebhookHook::Requests) || !passes(request.value().actionId, actionOf(request.value())))
            return std::nullopt;
        message.type = ActionRequestType;
        message.subject = request.value().entityId;
        message.time = request.value().ts;
        message.callback = m_hook.callbackUrl();
    } else if (const auto report = decodeActionReport(row.payload)) {
        if (!m_hook.sends(WebhookHook::Reports) || !passes(report.value().actionId, Action()))
            return std::nullopt;
        message.type = actionEventType(report.value().kind);
        message.subject = report.value().entityId;
        message.time = report.value().ts;
    } else {
        return std::nullopt;
    }
    message.data = row.payload;
    const std::string name = std::to_string(row.number) + ':' + row.payload;
    message.id = std::string(ActionKind) + '_' + sha256Hex(name).substr(0, IdDigits);
    return message;
}

Status WebhookFeed::deliver(const std::string &kind, const Numbered &numbered)
{
    const WebhookSender::Answer answer =
        m_sender->post(*m_keys, m_clock, numbered.message.id, encodeWebhookMessage(numbered.message));
    if (answer.kind != WebhookSender::Answer::Kind::Delivered)
        return failed(kind, numbered, answer);
    ++m_mark.delivered;
    m_mark.trouble.clear();
    m_mark.since = NoTime;
    m_mark.trying.clear();
    m_mark.attempts = 0;
    return Ok{};
}

/// Ok: it is set aside, and the next one may go.
Status WebhookFeed::failed(const std::string &kind, const Numbered &numbered, const WebhookSender::Answer &answer)
{
    using Kind = WebhookSender::Answer::Kind;
    if (answer.kind == Kind::Stopped) {
        EVENTOPS_TRY(save());
        return stopped();
    }
    m_mark.attempts = m_mark.trying == numbered.message.id ? m_mark.attempts + 1 : 1;
    m_mark.trying = numbered.message.id;
    m_mark.trouble = answer.why;
    if (m_mark.since == NoTime)
        m_mark.since = WallNs{raw(m_clock.now()) / 1'000'000'000 * 1'000'000'000}; // for people
    if (answer.kind == Kind::Gone) {
        m_mark.gone = true;
        EVENTOPS_TRY(save());
        return Error{Error::Code::Refused,
                     "the target wants no more messages: " + answer.why,
                     {},
                     "eventops webhook retry " + m_hook.name + " offers again"};
    }
    const std::uint32_t attemptsMax = answer.status < 500 ? m_patience.refusalsMax : m_patience.attemptsMax;
    if (answer.kind == Kind::Refused && m_mark.attempts >= attemptsMax
        && m_mark.setAside.size() < WebhookMark::SetAsideMax) {
        m_mark.setAside.push_back({kind, numbered.number, numbered.message.id, answer.why});
        m_mark.trouble.clear();
        m_mark.since = NoTime;
        m_mark.trying.clear();
        m_mark.attempts = 0;
        return Ok{};
    }
    m_wait = answer.retryAfterMs ? std::chrono::milliseconds(*answer.retryAfterMs) : backOff(m_mark.attempts);
    EVENTOPS_TRY(save());
    return Error{Error::Code::Unavailable, answer.why, {}, "it is offered again by itself"};
}

/// With chance, so that what was away is not met by all its senders at once.
std::chrono::milliseconds WebhookFeed::backOff(std::uint32_t attempts) const
{
    constexpr std::uint32_t DoublingsMax = 20;
    const std::int64_t doubled = m_patience.delayMs << std::min(attempts - 1, DoublingsMax);
    const std::int64_t most = std::min(doubled, m_patience.delayMsMax);
    static thread_local std::mt19937 chance{std::random_device{}()};
    return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(most / 2, most)(chance));
}

Result<std::uint64_t> WebhookFeed::retry()
{
    const FileLock lock = EVENTOPS_TRY(FileLock::take(m_workspace, m_hook.lockName()));
    EVENTOPS_TRY(findMark());
    if (!m_kept)
        EVENTOPS_TRY(save());
    m_mark.gone = false;
    m_mark.trouble.clear();
    m_mark.since = NoTime;
    std::uint64_t taken = 0;
    std::vector<SetAsideMessage> left;
    for (SetAsideMessage &one : std::exchange(m_mark.setAside, {})) {
        std::vector<Numbered> found;
        std::uint64_t upTo = 0;
        bool more = false;
        EVENTOPS_TRY(gather(one.kind, one.number - 1, 1, found, upTo, more));
        if (found.empty() || found.front().number != one.number)
            continue; // the hook wants such messages no more
        const WebhookMessage &message = found.front().message;
        const auto answer = m_mustStop() ? WebhookSender::Answer{WebhookSender::Answer::Kind::Stopped, 0, one.why, {}}
                                         : m_sender->post(*m_keys, m_clock, message.id, encodeWebhookMessage(message));
        const bool delivered = answer.kind == WebhookSender::Answer::Kind::Delivered;
        taken += delivered ? 1 : 0;
        one.why = delivered ? std::string() : answer.why;
        if (!delivered)
            left.push_back(std::move(one));
    }
    m_mark.setAside = std::move(left);
    m_mark.delivered += taken;
    EVENTOPS_TRY(save());
    return taken;
}

} // namespace eventops
