// SPDX-License-Identifier: MIT
//
// What an engine publishes of findings and actions, read back: the same, whatever is in it.
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include "core/codec/action_state.h"
#include "core/codec/alert.h"
#include "core/codec/decision_command.h"
#include "core/codec/deviation.h"
#include "core/codec/finding_document.h"
#include "core/codec/kcat.h"
#include "core/model/row_json.h"

#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Rounds = 300;

/// Values as the wires meet them: empty, quoted, not ASCII, large, tiny.
class Anything
{
public:
    explicit Anything(unsigned seed) : m_random(seed) {}

    std::uint64_t below(std::uint64_t end) { return m_random() % end; }
    std::string text(bool maybeEmpty = true)
    {
        static const std::string Pieces[] = {"host-a", "\"",  "\\", "ä",      "日本", "\n",
                                             "{}",     "1e3", " ",  "tenant", "%2F"};
        std::string out;
        if (!maybeEmpty)
            out += 'x';
        for (std::uint64_t i = below(4); i > 0; --i)
            out += Pieces[below(std::size(Pieces))];
        return out;
    }
    double number()
    {
        static const double Numbers[] = {0.0, -1.5, 97.0, 0.1, 1e22, 5e-324, 123456789.123};
        return Numbers[below(std::size(Numbers))];
    }
    WallNs time() { return WallNs{1'700'000'000 * NsPerSecond + static_cast<std::int64_t>(below(1'000'000'000'000))}; }

    Finding finding()
    {
        Finding f;
        f.id = "f" + std::to_string(below(1'000'000));
        f.origin = static_cast<FindingOrigin>(below(4));
        f.state = static_cast<FindingState>(below(3));
        f.severity = static_cast<Severity>(below(25));
        f.ts = time();
        f.tsText = below(2) == 0 ? "" : "2025-10-21T10:05:00Z";
        f.tenant = text(false);
        f.entityType = text();
        f.entityId = text();
        f.sourceId = text();
        f.name = text(false);
        f.metric = text();
        f.unit = text();
        f.hasValue = below(2) == 0;
        f.value = f.hasValue ? number() : 0.0;
        f.step = text();
        f.message = text();
        f.tags = below(2) == 0 ? "{}" : R"({"env":"prod","tenant":"other","n":[1,2]})";
        f.bits = number();
        for (std::uint64_t i = below(3); i > 0; --i)
            f.terms.push_back({text(), number(), text(), text(), text(), below(1'000)});
        f.evidence = below(2) == 0 ? "[]" : R"(["e-1","e-2"])";
        f.pattern = text();
        return f;
    }

private:
    std::mt19937 m_random;
};

std::string shown(const Finding &finding)
{
    std::string out;
    appendFindingJson(out, finding);
    return out + finding.tsText + '|' + finding.pattern + '|' + finding.alert;
}

/// As a broker hands it on: with @p headers beside it.
Batch received(const std::string &topic, const std::string &payload,
               const std::vector<std::pair<std::string_view, std::optional<std::string_view>>> &headers)
{
    std::string line;
    KcatLine message;
    message.topic = topic;
    message.payload = payload;
    message.cluster = "c";
    message.ts = WallNs{1'700'000'000 * NsPerSecond};
    message.headers = headers;
    appendKcat(line, message);
    Decoded decoded = decodeAll(*codecByName("auto"), {line});
    if (!decoded.reasons.at(0).empty())
        qWarning("%s: %s", decoded.reasons[0].c_str(), decoded.details[0].c_str());
    return std::move(decoded.batch);
}

} // namespace

class TestFindingDocument : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void anAlertIsReadBackWhole()
    {
        Anything any(1);
        for (int i = 0; i < Rounds; ++i) {
            Finding finding = any.finding();
            if (any.below(4) > 0)
                finding.alert = encodeAlert(finding);
            const std::string header = encodeFindingHeader(finding);
            const std::string document = encodeAlert(finding);
            const Batch batch = received(AlertTopic, document, {{FindingHeader, header}});
            QCOMPARE(batch.events.size(), std::size_t{1});
            const auto read = findingOf(batch, batch.events[0]);
            QVERIFY(read);
            QVERIFY2(shown(*read) == shown(finding), (shown(*read) + "\n" + shown(finding)).c_str());
        }
    }

    void aDeviationIsReadBackWhole()
    {
        Anything any(2);
        for (int i = 0; i < Rounds; ++i) {
            const Finding finding = any.finding();
            const std::string header = encodeFindingHeader(finding);
            const Batch batch =
                received("events.normalized", encodeDeviation(finding).value(), {{FindingHeader, header}});
            QCOMPARE(batch.events.size(), std::size_t{1});
            const auto read = findingOf(batch, batch.events[0]);
            QVERIFY(read);
            QVERIFY2(shown(*read) == shown(finding), (shown(*read) + "\n" + shown(finding)).c_str());
        }
    }

    /// X20: neither a measurement nor a step, whoever wrote it; and a header of nobody's is none.
    void anAlertIsAFactAboutAFinding()
    {
        Anything any(3);
        Finding finding = any.finding();
        finding.metric = "cpu_load";
        finding.hasValue = true;
        finding.value = 97;
        for (const std::string_view header : {"", "{", "[]", "{\"id\":\"x\"}", "{\"origin\":\"rule\"}"}) {
            const Batch batch = received(AlertTopic, encodeAlert(finding), {{FindingHeader, header}});
            const Event &event = batch.events.at(0);
            QVERIFY(!event.hasValue);
            QCOMPARE(event[Field::Step], NoStr);
            const auto read = findingOf(batch, event);
            QVERIFY(read);
            QVERIFY(read->id.empty());
            QCOMPARE(read->value, 97.0);
            QVERIFY(read->origin == FindingOrigin::External);
        }
    }

    void aStepOfAnActionIsReadBackWhole()
    {
        Anything any(4);
        for (int i = 0; i < Rounds; ++i) {
            ActionStep step;
            Suggestion &suggestion = step.action.suggestion;
            suggestion.id = "0123456789abcdef";
            suggestion.findingId = any.text();
            suggestion.policy = any.text();
            suggestion.tenant = any.text(false);
            suggestion.entityType = any.text();
            suggestion.entityId = any.text();
            suggestion.correlationId = any.text();
            suggestion.command = any.text(false);
            suggestion.args = any.below(2) == 0 ? "{}" : R"({"service":"web","n":9007199254740993})";
            suggestion.reason = any.text();
            suggestion.proposedAt = any.time();
            suggestion.expiresAt = any.below(3) == 0 ? NoTime : any.time();
            suggestion.ttlSeconds = any.number();
            suggestion.approvalsRequired = static_cast<std::uint32_t>(any.below(4));
            step.action.state = static_cast<ActionState>(any.below(ActionStateCount));
            step.action.approver = any.text();
            step.action.decisionReason = any.text();
            step.action.attempts = static_cast<std::uint32_t>(any.below(9));
            step.action.output = any.text();
            step.action.digest = any.text();
            step.action.idempotencyKey = any.text();
            step.at = any.time();
            step.actor = any.text();
            step.detail = R"({"digest":"x"})";
            const Batch batch = received(ActionStateTopic, encodeActionStep(step), {});
            const auto read = actionStepOf(batch, batch.events.at(0));
            QVERIFY(read && read.value());
            QCOMPARE(encodeActionStep(*read.value()), encodeActionStep(step));
            QVERIFY(read.value()->at == step.at && read.value()->actor == step.actor);
            QCOMPARE(batch.events[0][Field::Step], NoStr);
        }
    }

    void aStepThatSaysTooLittleNamesWhat()
    {
        const auto read = [](const char *attrs) {
            std::string document = "{\"ts\":\"2025-10-21T10:05:00Z\",\"event_type\":\"action.state\",\"attrs\":";
            document.append(attrs).append("}");
            const Batch batch = received(ActionStateTopic, document, {});
            const auto step = actionStepOf(batch, batch.events.at(0));
            return step ? std::string() : step.error().message;
        };
        QVERIFY(read(R"({"action_id":"none","state":"proposed","command":"x"})").find("action_id")
                != std::string::npos);
        QVERIFY(read(R"({"action_id":"a.1","state":"lost","command":"x"})").find("attrs.state") != std::string::npos);
        QVERIFY(read(R"({"action_id":"a.1","state":"proposed"})").find("attrs.command") != std::string::npos);
        QCOMPARE(read(R"({"action_id":"a.1","state":"proposed","command":"x"})"), std::string());
    }

    void aDecisionIsReadBackAndItsSignatureIsOfEveryByte()
    {
        DecisionCommand command;
        command.id = "c-1";
        command.decision = {"a.1", DecisionKind::Reject, "alice", "not \"now\", ä"};
        command.tenant = "acme";
        command.digest = "d";
        command.at = WallNs{1'761'040'800 * NsPerSecond};
        const std::string payload = encodeDecisionCommand(command);
        const auto read = decodeDecisionCommand(payload);
        QVERIFY(read && read.value());
        QCOMPARE(encodeDecisionCommand(*read.value()), payload);
        QVERIFY(read.value()->decision.kind == DecisionKind::Reject);
        // RFC 4231, case 2.
        QCOMPARE(commandSignature("Jefe", "what do ya want for nothing?"),
                 std::string("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
        for (std::size_t i = 0; i < payload.size(); ++i) {
            std::string other = payload;
            other[i] = static_cast<char>(other[i] ^ 1);
            QVERIFY(commandSignature("secret", other) != commandSignature("secret", payload));
        }
        const auto request = decodeDecisionCommand(R"({"event_id":"1","attributes":{"command":"restart_service"}})");
        QVERIFY(request && !request.value());
        QVERIFY(!decodeDecisionCommand(R"({"attributes":{"command":"approve_action"}})"));
        QVERIFY(!decodeDecisionCommand("{broken"));
    }
};

EVENTOPS_TEST(TestFindingDocument)
#include "tst_finding_document.moc"
