// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/actions/suggester.h"
#include "core/base/time.h"
#include "core/yaml/yaml.h"
#include "core/pipeline/settings.h"
#include "core/pipeline/stage.h"
#include "pipelines/components.h"

using namespace eventops;

namespace {

Value yaml(std::string_view text)
{
    auto value = parseYaml(text, "p.yaml");
    if (!value)
        qFatal("%s", value.error().text().c_str());
    return std::move(value).value();
}

std::vector<Policy> policies(std::string_view text)
{
    std::vector<Policy> out;
    const Status read = readPolicies(yaml(text), out);
    if (!read)
        qFatal("%s", read.error().text().c_str());
    return out;
}

Finding hot(const char *ts = "2025-10-21T10:00:00Z")
{
    Finding f;
    f.id = "f1";
    f.seq = 7;
    f.ts = *parseTimestamp(ts);
    f.severity = Severity::Critical;
    f.tenant = "acme";
    f.entityType = "host";
    f.entityId = "host-a";
    f.sourceId = "host-a";
    f.name = "cpu_load_threshold";
    f.metric = "cpu_load";
    f.hasValue = true;
    f.value = 97.5;
    f.message = "cpu_load=97.5 exceeds critical threshold";
    f.tags = R"({"env":"prod"})";
    return f;
}

const char Basic[] = "- name: p\n"
                     "  when: severity >= critical\n"
                     "  command: restart_service\n"
                     "  args: {host: '{entity.id}', load: '{value}', note: 'at {value} in {tags.env}', "
                     "n: 5, list: [a, '{metric}']}\n"
                     "  reason: '{metric} is {value} {{really}}'\n"
                     "  ttl: 10m\n"
                     "  execution_ttl: 90s\n"
                     "  cooldown: 15m\n";

} // namespace

class TestPolicy : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void suggests()
    {
        Suggester suggester(policies(Basic), 100);
        std::vector<Suggestion> out;
        suggester.consider(hot(), out);
        QCOMPARE(out.size(), std::size_t{1});
        const Suggestion &s = out.front();
        QCOMPARE(
            s.args,
            std::string(R"({"host":"host-a","load":97.5,"note":"at 97.5 in prod","n":5,"list":["a","cpu_load"]})"));
        QCOMPARE(s.reason, std::string("cpu_load is 97.5 {really}"));
        QCOMPARE(s.command, std::string("restart_service"));
        QCOMPARE(s.entityId, std::string("host-a"));
        QCOMPARE(s.expiresAt - s.proposedAt, 600 * NsPerSecond);
        QCOMPARE(s.ttlSeconds, 90.0);
        QCOMPARE(s.id.size(), std::size_t{32});
        QCOMPARE(s.seq, Seq{7});
        std::vector<Suggestion> again;
        Suggester(policies(Basic), 100).consider(hot(), again);
        QCOMPARE(again.front().id, s.id);
    }

    void onlyFiringFindings()
    {
        for (const FindingState state : {FindingState::Pending, FindingState::Resolved}) {
            Finding f = hot();
            f.state = state;
            QVERIFY(!policies(Basic).front().suggest(f, f.ts));
        }
        QVERIFY(policies(Basic).front().suggest(hot(), hot().ts));
        const auto observing = policies("- {name: p, when: tenant = acme, command: c, autonomy: observe}");
        QVERIFY(!observing.front().suggest(hot(), hot().ts));
        Finding warning = hot();
        warning.severity = Severity::Warning;
        QVERIFY(!policies(Basic).front().suggest(warning, warning.ts));
    }

    void absentFieldMeansNoSuggestion()
    {
        Finding f = hot();
        f.tags = "{}";
        QVERIFY(!policies(Basic).front().suggest(f, f.ts));
        f = hot();
        f.entityType.clear();
        QVERIFY(policies(Basic).front().suggest(f, f.ts)); // a thing without a type is still a thing
        f.entityId.clear();
        QVERIFY(!policies(Basic).front().suggest(f, f.ts));
    }

    /// What a finding holds is put in once: braces, quotes and line ends in it stay what they are.
    void valuesAreNeverReadAgain()
    {
        Finding f = hot();
        f.entityId = "{message}\"}\n{{x}} $(reboot)";
        const auto s = policies("- {name: p, when: tenant = acme, command: c, args: {h: '{entity.id}'}, "
                                "reason: '{entity.id}'}")
                           .front().suggest(f, f.ts);
        QVERIFY(s.has_value());
        QCOMPARE(s->args, std::string("{\"h\":\"{message}\\\"}\\n{{x}} $(reboot)\"}"));
        QCOMPARE(s->reason, f.entityId);
        f.message.assign(ArgsBytesMax, 'x');
        const auto quoting = policies("- {name: p, when: tenant = acme, command: c, args: {m: '{message}'}}");
        QVERIFY(!quoting.front().suggest(f, f.ts));
        f.message.assign(ReasonBytesMax - 1, 'x');
        f.message += "\xc3\xa9\xc3\xa9";
        const auto longReason = policies("- {name: p, when: tenant = acme, command: c}").front().suggest(f, f.ts);
        QVERIFY(longReason->reason.size() <= ReasonBytesMax);
        QVERIFY(longReason->reason.ends_with("x…"));
    }

    void cooldownPerPolicyAndEntity()
    {
        Suggester suggester(policies(Basic), 100);
        std::vector<Suggestion> out;
        const auto at = [&](const char *ts, const char *entity) {
            Finding f = hot(ts);
            f.entityId = entity;
            const std::size_t before = out.size();
            suggester.consider(f, out);
            return out.size() > before;
        };
        QVERIFY(at("2025-10-21T10:00:00Z", "a"));
        QVERIFY(!at("2025-10-21T10:14:59.999Z", "a"));
        QVERIFY(at("2025-10-21T10:05:00Z", "b"));
        QVERIFY(!at("2025-10-21T09:50:00Z", "a"));
        QVERIFY(at("2025-10-21T10:15:00Z", "a"));
        QVERIFY(!at("2025-10-21T10:16:00Z", "a"));
    }

    void stateIsBoundedAndSurvives()
    {
        constexpr std::size_t KeysMax = 8;
        Suggester suggester(policies(Basic), KeysMax);
        std::vector<Suggestion> out;
        for (int i = 0; i < 100; ++i) {
            Finding f = hot();
            f.ts = f.ts + i * NsPerSecond;
            f.entityId = "h" + std::to_string(i);
            suggester.consider(f, out);
        }
        QCOMPARE(out.size(), std::size_t{100});
        QCOMPARE(suggester.keys(), KeysMax);
        StateWriter writer;
        suggester.save(writer);
        const std::string bytes = writer.take();
        Suggester other(policies(Basic), KeysMax);
        StateReader reader(bytes);
        QVERIFY(other.load(reader));
        QVERIFY(reader.finish());
        StateWriter second;
        other.save(second);
        QVERIFY(second.bytes() == bytes);
        Finding f = hot();
        f.entityId = "h99";
        out.clear();
        other.consider(f, out);
        QVERIFY(out.empty());
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            StateReader cut(std::string_view(bytes).substr(0, i));
            QVERIFY(!other.load(cut));
        }
    }

    void findingWithoutTime()
    {
        Suggester suggester(policies(Basic), 10);
        Finding f = hot();
        f.ts = NoTime;
        std::vector<Suggestion> out;
        suggester.consider(f, out);
        QVERIFY(out.empty());
        suggester.observe(hot().ts);
        suggester.consider(f, out);
        QVERIFY(out.size() == 1 && out.front().proposedAt == hot().ts);
        Finding last = hot();
        last.ts = WallNs{INT64_MAX};
        last.entityId = "other";
        suggester.consider(last, out);
        QVERIFY(out.back().expiresAt == WallNs{INT64_MAX});
    }

    void mistakesAreLocated_data()
    {
        QTest::addColumn<QByteArray>("yamlText");
        QTest::addColumn<QByteArray>("message");
        const auto row = [](const char *text, const char *message) {
            QTest::newRow(message) << QByteArray(text) << QByteArray(message);
        };
        row("- {name: p, when: severity >, command: c}", "p.yaml:1:19: filter, column 11: expected a value");
        row("- {name: p, when: severty > warning, command: c}", "p.yaml:1:19: a finding has no field \"severty\"");
        row("- {name: p, command: c}", "the policy lacks \"when\"");
        row("- {name: p, when: a, command: 'rm -rf'}", "column 2");
        row("- {name: p, when: value > 1, command: 'rm -rf'}", "p.yaml:1:39: \"rm -rf\" is no name");
        row("- {name: p, when: value > 1, command: c, args: {x: '{nope}'}}", "p.yaml:1:52: unknown field {nope}");
        row("- {name: p, when: value > 1, command: c, reason: 'a { b'}", "a single \"{\" in");
        row("- {name: p, when: value > 1, command: c, autonomy: auto}", "autonomy \"auto\" is not supported");
        row("- {name: p, when: value > 1, command: c, approvals: 2}", "only one approval is supported");
        row("- {name: p, when: value > 1, command: c, ttl: 0s}", "ttl must lie between 1s");
        row("- {name: p, when: value > 1, command: c, tll: 1s}", "unknown field \"tll\" of a policy");
        row("- {name: p, when: value > 1, command: c}\n- {name: p, when: value > 1, command: c}",
            "p.yaml:2:10: a policy named \"p\" exists already");
        row("rules: []", "unknown field \"rules\" of a policy file");
        row("policies: 5", "expected a list of policies");
        row("- {name: p, when: value > 1, command: c, target: x}", "expected the target as a map");
    }
    void mistakesAreLocated()
    {
        QFETCH(QByteArray, yamlText);
        QFETCH(QByteArray, message);
        std::vector<Policy> out;
        const Status read = readPolicies(yaml(yamlText.toStdString()), out);
        QVERIFY(!read);
        QVERIFY(read.error().code == Error::Code::InvalidConfig);
        QVERIFY(read.error().where.line > 0);
        QVERIFY2(read.error().text().find(message.toStdString()) != std::string::npos, read.error().text().c_str());
    }

    void shippedPolicies()
    {
        auto file = loadYaml(EVENTOPS_SOURCE_DIR "/pipelines/policies/default.yaml");
        QVERIFY2(static_cast<bool>(file), file ? "" : file.error().text().c_str());
        std::vector<Policy> all;
        const Status read = readPolicies(file.value(), all);
        QVERIFY2(static_cast<bool>(read), read ? "" : read.error().text().c_str());
        const auto suggested = [&](const Finding &f) {
            std::vector<Suggestion> out;
            Suggester(all, 10).consider(f, out);
            std::string names;
            for (const Suggestion &s : out)
                names += s.command + ';';
            return names;
        };
        QCOMPARE(suggested(hot()), std::string("restart_service;"));
        Finding warning = hot();
        warning.severity = Severity::Warning;
        QCOMPARE(suggested(warning), std::string());
        Finding surprise = hot();
        surprise.name = "value_surprise";
        surprise.origin = FindingOrigin::Entropy;
        QCOMPARE(suggested(surprise), std::string("open_incident;"));
        surprise.severity = Severity::Warning;
        QCOMPARE(suggested(surprise), std::string("collect_diagnostics;"));
        Finding order = hot();
        order.name = "sequence_surprise";
        order.entityType = "order";
        order.step = "payment_failed";
        QCOMPARE(suggested(order), std::string("retry_payment;"));
    }

    /// The stage over a batch gives the same whether the batch is processed whole or event by event.
    void stageIgnoresBatchBounds()
    {
        const StageSpec *spec = nullptr;
        for (const StageSpec *candidate : builtinStages()) {
            if (candidate->name == "suggest")
                spec = candidate;
        }
        QVERIFY(spec != nullptr && spec->makeGlobal != nullptr);
        Batch batch;
        std::vector<Finding> findings;
        for (std::uint32_t i = 0; i < 6; ++i) {
            batch.records.push_back({});
            batch.records.back().seq = i + 1;
            Event event;
            event.record = i;
            event.tsEvent = *parseTimestamp("2025-10-21T10:00:00Z") + i * NsPerSecond;
            event[Field::EntityType] = batch.strings.intern("host");
            event[Field::EntityId] = batch.strings.append("h" + std::to_string(i));
            event[Field::CorrelationId] = batch.strings.append("corr-" + std::to_string(i));
            batch.events.push_back(event);
            Finding f = hot();
            f.id = "f" + std::to_string(i);
            f.seq = i + 1;
            f.ts = i % 2 == 0 ? NoTime : event.tsEvent;
            f.entityId = "h" + std::to_string(i / 3);
            findings.push_back(f);
        }
        Value settings = yaml("keys_max: 100");
        settings.set("policies", yaml(Basic));
        const Value checked = checkSettings(settings, spec->fields, "stage \"suggest\"").value();
        const auto rendered = [](const GlobalOutput &out) {
            std::string text;
            for (const Suggestion &s : out.suggestions)
                text += s.id + ' ' + s.correlationId + ' ' + formatTimestamp(s.proposedAt) + ' '
                       + std::to_string(s.emission) + '\n';
            return text;
        };
        GlobalOutput whole;
        spec->makeGlobal(checked).value()->process(batch, 0, 6, findings, whole);
        GlobalOutput pieces;
        auto stage = spec->makeGlobal(checked).value();
        for (std::size_t i = 0; i < 6; ++i)
            stage->process(batch, i, i + 1, std::span(findings).subspan(i, 1), pieces);
        QCOMPARE(whole.suggestions.size(), std::size_t{2});
        QCOMPARE(whole.suggestions.front().correlationId, std::string("corr-0"));
        QCOMPARE(whole.suggestions.back().correlationId, std::string("corr-3"));
        QCOMPARE(rendered(pieces), rendered(whole));
    }
};

EVENTOPS_TEST(TestPolicy)
#include "tst_policy.moc"
