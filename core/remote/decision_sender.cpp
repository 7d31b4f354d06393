// SPDX-License-Identifier: MIT
#include "core/remote/decision_sender.h"

#include "core/base/clock.h"
#include "core/codec/action_events.h"
#include "core/codec/decision_command.h"
#include "core/codec/kcat.h"
#include "core/codec/signal.h"
#include "core/kafka/kafka_producer.h"
#include "core/kafka/topics.h"
#include "core/model/event_id.h"
#include "core/session/kafka_follower.h"

#include <algorithm>

namespace eventops::remote {
namespace {

constexpr std::chrono::milliseconds LookEvery{100};
constexpr std::chrono::seconds ConnectWait{10}, DeliverWithin{10};
constexpr double ResultGraceSeconds = 10.0; ///< Past the action's own time.

Error notTaken(const Action &action, const std::string &id)
{
    return Error{Error::Code::Refused, "action " + id + " is " + std::string(toString(action.state)) + " already"
                                           + (action.approver.empty() ? std::string() : ", by " + action.approver)};
}

} // namespace

DecisionSender::DecisionSender(Options options) : m_options(std::move(options)), m_thread([this] { work(); }) {}

DecisionSender::~DecisionSender()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

Ticket DecisionSender::decide(const Decision &decision, bool wait, Done<DecisionOutcome> done)
{
    UnderWay one{decision, wait, {}, std::move(done)};
    const Ticket ticket = one.ticket;
    {
        const std::lock_guard lock(m_mutex);
        m_asked.push_back(std::move(one));
    }
    m_wake.notify_all();
    return ticket;
}

bool DecisionSender::mustStop()
{
    const std::lock_guard lock(m_mutex);
    return m_stop;
}

Status DecisionSender::connect()
{
    if (m_ledger == nullptr)
        m_ledger = EVENTOPS_TRY(Ledger::open(m_options.directory, LedgerMode::Read, {}));
    if (m_producer != nullptr)
        return Ok{};
    const KafkaSettings settings = EVENTOPS_TRY(m_options.address.settings());
    KafkaProducer::Options options;
    options.deliverWithin = DeliverWithin;
    auto producer = EVENTOPS_TRY(KafkaProducer::open(settings, options));
    const auto topics = EVENTOPS_TRY(producer->topics(ConnectWait));
    if (!topics.contains(std::string(CommandTopic)))
        return Error{Error::Code::NotFound,
                     "the Kafka at " + settings.brokers + " has no topic " + std::string(CommandTopic)
                         + " for decisions",
                     {},
                     "make the topics with: eventops kafka init"};
    KafkaFollower::Options letters;
    letters.topics = {ActionsDlqTopic};
    letters.fromEnd = true;
    letters.mustStop = [this] {
        return mustStop();
    };
    letters.take = [this](const FollowedMessage &followed) {
        return hear(followed);
    };
    auto follower = KafkaFollower::open(settings, std::move(letters)); // without it a refusal is told by no answer
    if (follower)
        m_letters = std::move(follower).value();
    m_producer = std::move(producer);
    return Ok{};
}

/// A command of ours that an engine buried.
Status DecisionSender::hear(const FollowedMessage &followed)
{
    const auto command = followed.message.payload ? decodeDecisionCommand(*followed.message.payload)
                                                  : Result<std::optional<DecisionCommand>>(std::nullopt);
    if (!command || !command.value())
        return Ok{};
    for (const KafkaHeader &header : followed.message.headers) {
        const bool ours = std::any_of(m_underWay.begin(), m_underWay.end(),
                                      [&](const UnderWay &one) { return one.id == command.value()->id; });
        if (ours && header.name == ReasonHeader)
            m_refusals[command.value()->id] = header.value.value_or("");
    }
    return Ok{};
}

Status DecisionSender::send(UnderWay &one)
{
    EVENTOPS_TRY(connect());
    const Action action = EVENTOPS_TRY(m_ledger->action(one.decision.actionId));
    if (action.state != ActionState::Proposed)
        return notTaken(action, one.decision.actionId);
    DecisionCommand command;
    command.decision = one.decision;
    command.tenant = action.suggestion.tenant;
    command.digest = action.digest;
    command.at = SystemClock().now();
    command.id = derivedId({one.decision.actionId, one.decision.user, std::to_string(raw(command.at))});
    const std::string payload = encodeDecisionCommand(command);
    const std::string signature = commandSignature(m_options.secret, payload);
    one.id = command.id;
    one.until = std::chrono::steady_clock::now() + m_options.within;
    EVENTOPS_TRY(m_producer->send(
        {CommandTopic, action.suggestion.entityId, payload, {{SignatureHeader, signature}, {IdHeader, command.id}}}));
    return m_producer->flush([this] { return mustStop(); });
}

/// Nothing: it is under way.
std::optional<Result<DecisionOutcome>> DecisionSender::outcomeOf(const UnderWay &one)
{
    using Outcome = Result<DecisionOutcome>;
    const auto refused = m_refusals.find(one.id);
    if (refused != m_refusals.end())
        return Outcome(Error{Error::Code::Refused, "the engine refused the decision: " + refused->second});
    const auto action = m_ledger->action(one.decision.actionId);
    const bool late = std::chrono::steady_clock::now() > one.until;
    if (!action)
        return late ? std::optional(Outcome(action.error())) : std::nullopt;
    const ActionState state = action.value().state;
    if (state == ActionState::Proposed && late)
        return Outcome(Error{Error::Code::Unavailable,
                             "no engine has taken the decision",
                             {},
                             "see that the engine runs and takes decisions (eventops kafka init --take-decisions); it "
                             "may still take this one: look again before you decide anew"});
    if (state == ActionState::Proposed)
        return std::nullopt;
    const bool rejected = state == ActionState::Rejected;
    if (state == ActionState::Expired || rejected != (one.decision.kind == DecisionKind::Reject))
        return Outcome(notTaken(action.value(), one.decision.actionId)); // somebody was faster
    const auto resultWithin = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::duration<double>(action.value().suggestion.ttlSeconds + ResultGraceSeconds));
    if (one.wait && !isFinal(state) && std::chrono::steady_clock::now() < one.until + resultWithin)
        return std::nullopt;
    const bool open = one.wait && !isFinal(state);
    return Outcome(
        DecisionOutcome{action.value(), open ? "the engine took it; no executor has told a result yet" : ""});
}

/// Hears what came, and tells what is over.
void DecisionSender::look()
{
    if (m_letters != nullptr)
        (void)m_letters->poll(); // what it cannot tell, time does
    std::erase_if(m_underWay, [this](UnderWay &one) {
        std::optional<Result<DecisionOutcome>> outcome;
        if (one.ticket.cancelled() || mustStop())
            outcome = Result<DecisionOutcome>(Error{Error::Code::Cancelled, "nobody waits for the decision any more"});
        else
            outcome = outcomeOf(one);
        if (outcome)
            one.done(std::move(*outcome));
        return outcome.has_value();
    });
    if (m_underWay.empty())
        m_refusals.clear();
}

void DecisionSender::work()
{
    for (bool stop = false; !stop;) {
        std::deque<UnderWay> asked;
        {
            std::unique_lock lock(m_mutex);
            const auto ready = [this] {
                return m_stop || !m_asked.empty();
            };
            if (m_underWay.empty())
                m_wake.wait(lock, ready);
            else
                m_wake.wait_for(lock, LookEvery, ready);
            asked.swap(m_asked);
            stop = m_stop;
        }
        for (UnderWay &one : asked) {
            const Status sent = stop ? Status(Error{Error::Code::Cancelled, "the console ends"}) : send(one);
            if (sent)
                m_underWay.push_back(std::move(one));
            else
                one.done(sent.error());
        }
        look();
    }
}

} // namespace eventops::remote
