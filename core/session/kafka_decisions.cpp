// SPDX-License-Identifier: MIT
#include "core/session/kafka_decisions.h"

#include "core/base/hmac.h"
#include "core/base/private_file.h"
#include "core/codec/action_events.h"
#include "core/codec/decision_command.h"
#include "core/codec/signal.h"
#include "core/session/action_flow.h"
#include "core/session/guarded_backend.h"

#include <algorithm>
#include <sstream>

namespace eventops {
namespace {

constexpr std::size_t FileBytesMax = 512u << 10;
constexpr std::size_t SecretBytesMin = 32; ///< A shorter one could be guessed.
constexpr std::string_view Via = "Kafka";

Result<DecisionSigner> readSigner(const std::string &line, const Location &where)
{
    std::istringstream words(line);
    DecisionSigner out;
    std::string role, tenants, more;
    words >> out.secret >> out.caller.user >> role >> tenants;
    const auto wrong = [&](std::string message, std::string remedy) {
        return Error{Error::Code::InvalidConfig, std::move(message), where, std::move(remedy)};
    };
    if (tenants.empty() || words >> more)
        return wrong("a line has not four words", "write TOKEN NAME ROLE TENANTS");
    if (out.secret.size() < SecretBytesMin)
        return wrong("a token has less than 32 characters", "make one with: openssl rand -hex 32");
    const auto known = roleByName(role);
    if (!known)
        return wrong("\"" + role + "\" is no role", "write viewer, operator, approver or admin");
    out.caller.role = *known;
    std::istringstream list(tenants);
    for (std::string tenant; tenants != "*" && std::getline(list, tenant, ',');) {
        if (!tenant.empty())
            out.caller.tenants.push_back(tenant);
    }
    if (tenants != "*" && out.caller.tenants.empty())
        return wrong("a token has no tenants", "name them with commas, or write * for all");
    return out;
}

/// Why a signer must not; empty: he may.
std::string whyNot(const Caller &caller, const Action &action, const DecisionCommand &command, WallNs now)
{
    const std::int64_t ageMax = std::chrono::nanoseconds(KafkaDecisions::CommandAge).count();
    const std::int64_t age = raw(now) - raw(command.at);
    if (caller.role < Role::Approver)
        return caller.user + " has no role that may decide";
    if (!caller.maySee(action.suggestion.tenant) || command.tenant != action.suggestion.tenant)
        return caller.user + " may not decide for the tenant " + command.tenant;
    if (age > ageMax || age < -ageMax)
        return "it was signed more than 15 minutes from now; decide again, or set the clocks";
    if (command.digest != action.digest)
        return "it is about something else than what is proposed here";
    return {};
}

/// True: the action is what this very decision made of it, or came of that.
bool isDone(const Action &action, const Decision &decision)
{
    const bool rejected = action.state == ActionState::Rejected;
    return action.state != ActionState::Proposed && rejected == (decision.kind == DecisionKind::Reject)
           && action.approver == decision.user && action.decisionReason == decision.reason;
}

} // namespace

Result<std::vector<DecisionSigner>> readDecisionSigners(const Workspace &workspace)
{
    const std::string path = workspace.directory + '/' + DecisionTokensFile;
    auto text = readPrivateFile(path, FileBytesMax, "the tokens");
    if (!text && text.error().code == Error::Code::NotFound)
        return Error{Error::Code::NotFound,
                     "nobody may decide by topics",
                     {path, 0, 0},
                     "make the file with: eventops kafka decider NAME"};
    if (!text)
        return text.error();
    std::vector<DecisionSigner> signers;
    Location where{path, 0, 0};
    std::istringstream lines(text.value());
    for (std::string line; std::getline(lines, line);) {
        ++where.line;
        line.resize(std::min(line.find('#'), line.size()));
        if (line.find_first_not_of(" \t\r") != std::string::npos)
            signers.push_back(EVENTOPS_TRY(readSigner(line, where)));
    }
    return signers;
}

KafkaDecisions::KafkaDecisions(FileLock lock, const KafkaFeedSettings &settings, std::function<bool()> mustStop,
                               const Clock *clock)
    : m_lock(std::move(lock)),
      m_writer(settings.writer()),
      m_mustStop(std::move(mustStop)),
      m_clock(clock != nullptr ? *clock : m_systemClock)
{
}

KafkaDecisions::~KafkaDecisions() = default;

Result<std::unique_ptr<KafkaDecisions>> KafkaDecisions::open(const Workspace &workspace,
                                                             const KafkaFeedSettings &settings,
                                                             std::function<bool()> mustStop, const Clock *clock)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    const KafkaSettings connection = EVENTOPS_TRY(settings.connection());
    FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "kafka-decisions"));
    std::unique_ptr<KafkaDecisions> made(new KafkaDecisions(std::move(lock), settings, std::move(mustStop), clock));
    made->m_signers = EVENTOPS_TRY(readDecisionSigners(workspace));
    made->m_ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Decide, {}));
    KafkaFollower::Options options;
    options.topics = {std::string(CommandTopic)};
    options.markFile = markFile(workspace);
    options.fromEnd = true; // what was said to a workspace before this one is not said to it
    options.mustStop = made->m_mustStop;
    options.take = [reading = made.get()](const FollowedMessage &followed) {
        return reading->take(followed);
    };
    made->m_follower = EVENTOPS_TRY(KafkaFollower::open(connection, std::move(options)));
    made->m_burial = EVENTOPS_TRY(
        KafkaBurial::open(connection, made->m_follower->nameOf(ActionsDlqTopic), made->m_writer, *made->m_ledger));
    return made;
}

/// Who signed it; null: nobody of that name.
const Caller *KafkaDecisions::signerOf(const FollowedMessage &followed, std::string_view user) const
{
    std::string_view signature;
    for (const KafkaHeader &header : followed.message.headers) {
        if (header.name == SignatureHeader)
            signature = header.value.value_or("");
    }
    const Caller *found = nullptr;
    for (const DecisionSigner &signer : m_signers) {
        const std::string expected = commandSignature(signer.secret, *followed.message.payload);
        if (equalsInConstantTime(expected, signature) && signer.caller.user == user)
            found = &signer.caller;
    }
    return found;
}

Status KafkaDecisions::take(const FollowedMessage &followed)
{
    const auto command = followed.message.payload ? decodeDecisionCommand(*followed.message.payload)
                                                  : Result<std::optional<DecisionCommand>>(std::nullopt);
    if (!command || !command.value()) { // the topic has other writers, and other commands
        ++m_counts.foreign;
        return Ok{};
    }
    const Decision &decision = command.value()->decision;
    const auto action = m_ledger->action(decision.actionId);
    if (!action && action.error().code != Error::Code::Refused) {
        const bool foreign =
            action.error().code == Error::Code::NotFound || action.error().code == Error::Code::InvalidArgument;
        m_counts.foreign += foreign ? 1 : 0;
        return foreign ? Status(Ok{}) : Status(action.error());
    }
    const Caller *const signer = signerOf(followed, decision.user);
    std::string why;
    if (signer == nullptr)
        why = "it is not signed by " + decision.user + " as the engine knows that name";
    else if (!action)
        why = action.error().message; // an older version
    else if (isDone(action.value(), decision)) {
        ++m_counts.known;
        return Ok{};
    } else
        why = whyNot(*signer, action.value(), *command.value(), m_clock.now());
    if (why.empty()) {
        const Status applied = applyDecision(*m_ledger, action.value(), decision, Via);
        if (applied) {
            ++m_counts.applied;
            const auto published = publishApproved(*m_ledger);
            return published ? Status(Ok{}) : Status(published.error());
        }
        if (applied.error().code != Error::Code::Refused && applied.error().code != Error::Code::InvalidArgument)
            return applied; // it comes again
        why = applied.error().message;
    }
    EVENTOPS_TRY(m_burial->bury(followed, m_follower->cluster(), why, m_mustStop));
    ++m_counts.refused;
    return Ok{};
}

} // namespace eventops
