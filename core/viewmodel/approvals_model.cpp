// SPDX-License-Identifier: MIT
#include "core/viewmodel/approvals_model.h"

#include "core/base/json_scan.h"
#include "core/viewmodel/finding_text.h"
#include "core/viewmodel/shown_text.h"

#include <QVariantMap>

#include <algorithm>
#include <tuple>

namespace eventops {
namespace {

constexpr std::size_t FindingsPerQuestion = 64;
constexpr std::size_t FindingsKeptMax = 4'096;
constexpr std::size_t ArgumentsShownMax = 64;
constexpr std::size_t ArgumentBytesMax = 64u << 10; ///< Longer ones are shown as one cut text.
constexpr double UrgentShare = 0.1;

QVariantMap pair(const QString &name, const QString &value)
{
    return {{QStringLiteral("name"), name}, {QStringLiteral("value"), value}};
}

/// The arguments as written: numbers keep every digit.
QVariantList argumentsOf(const std::string &json)
{
    QVariantList list;
    std::size_t at = 0;
    std::string text, name;
    while (json.size() <= ArgumentBytesMax && list.size() < static_cast<qsizetype>(ArgumentsShownMax)) {
        const auto member = jsonNext(json, at);
        if (!member)
            break;
        name.clear();
        text.clear();
        appendJsonUnescaped(name, member->key);
        if (member->value.kind == JsonSlice::Kind::String)
            appendJsonUnescaped(text, member->value.text);
        else
            text = member->value.text;
        list.append(pair(shownText(name, ShownNameMax), shownText(text)));
    }
    if (list.isEmpty() && json != "{}")
        list.append(pair(QStringLiteral("args"), shownText(json)));
    return list;
}

QString targetOf(const Suggestion &suggestion)
{
    const QString type = shownText(suggestion.entityType, ShownNameMax);
    const QString id = shownText(suggestion.entityId, ShownNameMax);
    return type.isEmpty() ? id : type + QLatin1Char(' ') + id;
}

QVariantList sentOf(const Action &action, const QVariantList &arguments)
{
    const Suggestion &suggestion = action.suggestion;
    QVariantList list{pair(QStringLiteral("command"), shownText(suggestion.command, ShownNameMax)),
                      pair(QStringLiteral("target"), targetOf(suggestion))};
    for (const QVariant &argument : arguments) {
        const QVariantMap map = argument.toMap();
        list.append(pair(QStringLiteral("args.") + map.value(QStringLiteral("name")).toString(),
                         map.value(QStringLiteral("value")).toString()));
    }
    const auto timeNs = static_cast<qint64>(std::clamp(suggestion.ttlSeconds, 0.0, 1e9) * double(NsPerSecond));
    list.append(pair(QStringLiteral("time to act"), shownDuration(timeNs)));
    if (!suggestion.correlationId.empty())
        list.append(pair(QStringLiteral("correlation"), shownText(suggestion.correlationId, ShownNameMax)));
    list.append(pair(QStringLiteral("idempotency"), shownText(action.idempotencyKey, ShownNameMax)));
    return list;
}

bool isLookupSafe(const std::string &id)
{
    constexpr std::size_t IdBytesMax = 128;
    return !id.empty() && id.size() <= IdBytesMax && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
}

ApprovalsModel::Phase phaseOf(ActionState state)
{
    switch (state) {
    case ActionState::Proposed: return ApprovalsModel::Waiting;
    case ActionState::Rejected: return ApprovalsModel::Refused;
    case ActionState::Expired: return ApprovalsModel::Expired;
    case ActionState::Succeeded: return ApprovalsModel::Succeeded;
    case ActionState::Failed:
    case ActionState::Cancelled:
    case ActionState::TimedOut: return ApprovalsModel::Unsuccessful;
    default: return ApprovalsModel::UnderWay;
    }
}

QString pastText(const ApprovalRow &row)
{
    QStringList parts;
    const auto add = [&](int count, const QString &what) {
        if (count > 0)
            parts.append(QStringLiteral("%1 %2").arg(count).arg(what));
    };
    add(row.pastSucceeded, QStringLiteral("succeeded"));
    add(row.pastFailed, QStringLiteral("failed"));
    add(row.pastRejected, QStringLiteral("rejected"));
    add(row.pastExpired, QStringLiteral("expired"));
    return parts.join(QStringLiteral(", "));
}

} // namespace

ApprovalsModel::ApprovalsModel(ViewContext &context, QObject *parent)
    : RowListModel(parent), m_context(context), m_refresher([this] { ask(); })
{
    connect(&m_context, &ViewContext::changed, this, &ApprovalsModel::follow);
    m_clock = m_context.change().clock;
    refresh();
}

ApprovalsModel::~ApprovalsModel()
{
    m_ticket.cancel();
}

void ApprovalsModel::follow(const Change &change)
{
    if (m_clock != change.clock) {
        m_clock = change.clock;
        if (m_waiting > 0)
            Q_EMIT dataChanged(index(0), index(m_waiting - 1), {RemainingRole, RemainingShareRole, UrgentRole});
    }
    refresh();
}

void ApprovalsModel::ask()
{
    m_answer = {};
    Query query;
    query.filter = "state = proposed";
    query.rowsMax = WaitingMax;
    query.oldestFirst = false;
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().actions(
        m_context.caller(), query, bridge.to(m_guard, [this](std::vector<Action> page) {
            std::move(page.begin(), page.end(), std::back_inserter(m_answer.waiting));
        }),
        bridge.to(m_guard, [this](const Status &status) { status ? askDecided() : fail(status.error()); }));
}

void ApprovalsModel::askDecided()
{
    Query query;
    query.filter = "state != proposed";
    query.rowsMax = DecidedReadMax;
    query.oldestFirst = false;
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().actions(
        m_context.caller(), query, bridge.to(m_guard, [this](std::vector<Action> page) {
            std::move(page.begin(), page.end(), std::back_inserter(m_answer.decided));
        }),
        bridge.to(m_guard, [this](const Status &status) { status ? askFindings() : fail(status.error()); }));
}

std::vector<std::string> ApprovalsModel::missingFindings() const
{
    std::vector<std::string> ids;
    const auto add = [&](const std::vector<Action> &actions, std::size_t actionsMax) {
        for (std::size_t i = 0; i < std::min(actions.size(), actionsMax); ++i) {
            const std::string &id = actions[i].suggestion.findingId;
            if (ids.size() < FindingsPerQuestion && isLookupSafe(id) && !m_askedFor.contains(id)
                && std::find(ids.begin(), ids.end(), id) == ids.end())
                ids.push_back(id);
        }
    };
    add(m_answer.waiting, m_answer.waiting.size());
    add(m_answer.decided, DecidedShownMax);
    return ids;
}

/// Looks up what the actions were proposed for, so that a card appears whole.
void ApprovalsModel::askFindings()
{
    if (m_askedFor.size() > FindingsKeptMax) {
        m_askedFor.clear();
        m_findings.clear();
    }
    const std::vector<std::string> ids = missingFindings();
    if (ids.empty())
        return show();
    Query query;
    query.filter = "id in (";
    for (const std::string &id : ids)
        query.filter += (id == ids.front() ? "\"" : ", \"") + id + '"';
    query.filter += ')';
    query.rowsMax = ids.size();
    query.oldestFirst = false;
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().findings(
        m_context.caller(), query, bridge.to(m_guard, [this](std::vector<Finding> page) {
            for (Finding &finding : page)
                m_findings.insert_or_assign(finding.id, std::move(finding));
        }),
        bridge.to(m_guard, [this, ids](const Status &status) {
            m_askedFor.insert(ids.begin(), ids.end());
            status ? askFindings() : fail(status.error());
        }));
}

ApprovalRow ApprovalsModel::rowOf(const Action &action) const
{
    const Suggestion &suggestion = action.suggestion;
    ApprovalRow row;
    row.key = exactText(action.displayId());
    row.findingId = exactText(suggestion.findingId);
    row.entity = {exactText(suggestion.tenant), exactText(suggestion.entityType), exactText(suggestion.entityId)};
    row.state = action.state;
    row.command = shownText(suggestion.command, ShownNameMax);
    row.target = targetOf(suggestion);
    row.tenant = shownText(suggestion.tenant, ShownNameMax);
    row.reason = shownText(suggestion.reason);
    row.policy = shownText(suggestion.policy, ShownNameMax);
    row.approver = shownText(action.approver, ShownNameMax);
    row.decisionReason = shownText(action.decisionReason);
    row.output = shownBlock(action.output);
    row.digest = shownText(action.digest, ShownNameMax);
    row.arguments = argumentsOf(suggestion.args);
    row.sent = sentOf(action, row.arguments);
    row.proposedAt = suggestion.proposedAt;
    row.expiresAt = suggestion.expiresAt;
    row.attempts = action.attempts;
    row.approvalsRequired = suggestion.approvalsRequired;
    row.proposedByCaller = "policy:" + suggestion.policy == m_context.caller().user;
    if (const auto found = m_findings.find(suggestion.findingId); found != m_findings.end()) {
        const Finding &finding = found->second;
        row.severity = static_cast<int>(finding.severity);
        row.bits = finding.bits;
        row.findingText = shownHeadline(finding);
        row.origin = shownText(toString(finding.origin));
        row.terms = shownTerms(finding);
        row.evidence = evidenceIds(finding);
    }
    return row;
}

void ApprovalsModel::show()
{
    std::unordered_map<std::string, ApprovalRow> past; // counts by command
    for (const Action &action : m_answer.decided) {
        ApprovalRow &count = past[action.suggestion.command];
        switch (phaseOf(action.state)) {
        case Succeeded: ++count.pastSucceeded; break;
        case Unsuccessful: ++count.pastFailed; break;
        case Refused: ++count.pastRejected; break;
        case Expired: ++count.pastExpired; break;
        default: break;
        }
    }
    std::vector<ApprovalRow> rows;
    for (const Action &action : m_answer.waiting) {
        ApprovalRow row = rowOf(action);
        const ApprovalRow &count = past[action.suggestion.command];
        row.pastSucceeded = count.pastSucceeded;
        row.pastFailed = count.pastFailed;
        row.pastRejected = count.pastRejected;
        row.pastExpired = count.pastExpired;
        rows.push_back(std::move(row));
    }
    std::stable_sort(rows.begin(), rows.end(), [](const ApprovalRow &a, const ApprovalRow &b) {
        return std::tuple(b.severity, b.bits, b.proposedAt) < std::tuple(a.severity, a.bits, a.proposedAt);
    });
    m_waiting = static_cast<int>(rows.size());
    for (std::size_t i = 0; i < std::min(m_answer.decided.size(), DecidedShownMax); ++i)
        rows.push_back(rowOf(m_answer.decided[i]));
    m_answer = {};
    replaceRows(std::move(rows));
    setState(count() > 0 ? Ready : m_context.change().running ? Learning : Empty);
    Q_EMIT refreshed();
    m_refresher.answered();
}

void ApprovalsModel::fail(const Error &error)
{
    m_answer = {};
    if (error.code == Error::Code::NotFound && m_context.change().events == 0)
        setState(Empty); // the workspace does not exist yet
    else if (error.code != Error::Code::Cancelled)
        setState(Failed, shownText(error.message), shownText(error.remedy));
    Q_EMIT refreshed();
    m_refresher.answered();
}

QString ApprovalsModel::eventsRead() const
{
    return shownCount(m_context.change().events);
}

QVariant ApprovalsModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const ApprovalRow &row = rowAt(index.row());
    switch (role) {
    case Qt::DisplayRole: return QString(row.command + QLatin1Char(' ') + row.target);
    case DisplayIdRole: return row.key;
    case SectionRole: return row.isWaiting() ? QStringLiteral("waiting") : QStringLiteral("decided");
    case WaitingRole: return row.isWaiting();
    case CommandRole: return row.command;
    case ArgumentsRole: return row.arguments;
    case TargetRole: return row.target;
    case TenantRole: return row.tenant;
    case ReasonRole: return row.reason;
    case PolicyRole: return row.policy;
    case FindingIdRole: return row.findingId;
    case FindingTextRole: return row.findingText;
    case OriginRole: return row.origin;
    case SeverityRole: return row.severity;
    case BitsRole: return row.bits;
    case BitsTextRole: return shownBits(row.bits);
    case TermsRole: return row.terms;
    case EvidenceCountRole: return static_cast<int>(row.evidence.size());
    case StateRole: return phaseOf(row.state);
    default: return shownAt(row, role);
    }
}

QVariant ApprovalsModel::shownAt(const ApprovalRow &row, int role) const
{
    const bool timed = row.isWaiting() && m_clock != NoTime && row.expiresAt != NoTime;
    const qint64 left = timed ? std::max<qint64>(0, row.expiresAt - m_clock) : 0;
    const qint64 whole = timed && row.proposedAt != NoTime ? std::max<qint64>(1, row.expiresAt - row.proposedAt) : 1;
    const double share = timed ? std::clamp(static_cast<double>(left) / static_cast<double>(whole), 0.0, 1.0) : 1.0;
    switch (role) {
    case ProposedAtRole: return shownTime(row.proposedAt);
    case ExpiresAtRole: return shownTime(row.expiresAt);
    case RemainingRole: return timed ? shownDuration(left) : QString();
    case RemainingShareRole: return share;
    case UrgentRole: return timed && share < UrgentShare;
    case StateNameRole: return QString(exactText(toString(row.state)).replace(QLatin1Char('_'), QLatin1Char(' ')));
    case ApproverRole: return row.approver;
    case DecisionReasonRole: return row.decisionReason;
    case OutputRole: return row.output;
    case AttemptsRole: return row.attempts;
    case ApprovalsRequiredRole: return row.approvalsRequired;
    case DigestRole: return row.digest;
    case SentRole: return row.sent;
    case OwnProposalRole: return row.proposedByCaller;
    case PastRole: return pastText(row);
    default: return {};
    }
}

QHash<int, QByteArray> ApprovalsModel::roleNames() const
{
    return {{DisplayIdRole, "displayId"}, {SectionRole, "section"}, {WaitingRole, "waiting"},
            {CommandRole, "command"}, {ArgumentsRole, "args"}, {TargetRole, "target"}, {TenantRole, "tenant"},
            {ReasonRole, "reason"}, {PolicyRole, "policy"}, {FindingIdRole, "findingId"},
            {FindingTextRole, "findingText"}, {OriginRole, "origin"}, {SeverityRole, "severity"}, {BitsRole, "bits"},
            {BitsTextRole, "bitsText"}, {TermsRole, "terms"}, {EvidenceCountRole, "evidenceCount"},
            {ProposedAtRole, "proposedAt"}, {ExpiresAtRole, "expiresAt"}, {RemainingRole, "remaining"},
            {RemainingShareRole, "remainingShare"}, {UrgentRole, "urgent"}, {StateRole, "phase"},
            {StateNameRole, "stateName"}, {ApproverRole, "approver"}, {DecisionReasonRole, "decisionReason"},
            {OutputRole, "output"}, {AttemptsRole, "attempts"}, {ApprovalsRequiredRole, "approvalsRequired"},
            {DigestRole, "digest"}, {SentRole, "sent"}, {OwnProposalRole, "ownProposal"}, {PastRole, "past"}};
}

} // namespace eventops
