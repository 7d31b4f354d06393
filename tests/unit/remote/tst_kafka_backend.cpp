// SPDX-License-Identifier: MIT
//
// A back end that sees topics and nothing else shows what their engine shows.
#include "tests/support/mock_cluster.h" // before Qt's macros
#include "tests/support/test_main.h"
#include "tests/unit/remote/topics_fixture.h"

#include "core/model/row_json.h"

using namespace eventops;
using namespace eventops::remote;
using namespace eventops::test;

namespace {

constexpr int SoonMs = 20'000;

/// What is wrong as the test's message; empty: nothing.
#define NOTHING_WRONG(text)                                                                                            \
    do {                                                                                                               \
        const std::string wrong_ = (text);                                                                             \
        QVERIFY2(wrong_.empty(), wrong_.c_str());                                                                      \
    } while (false)

void makeTopics(MockCluster &mock, int partitions = 2)
{
    for (const ContractTopic &topic : contractTopics())
        mock.makeTopic(std::string(topic.name).c_str(), partitions);
}

std::string shown(const Finding &finding)
{
    std::string out;
    appendFindingJson(out, finding);
    return out;
}
std::string shown(const Action &action)
{
    std::string out;
    appendActionJson(out, action);
    return out;
}

/// The first difference; empty: they are the same.
template <typename Row>
std::string differs(const std::map<std::string, Row> &expected, const std::map<std::string, Row> &got)
{
    for (const auto &[id, row] : expected) {
        const auto found = got.find(id);
        if (found == got.end())
            return id + " is missing, of " + std::to_string(expected.size()) + " there are "
                   + std::to_string(got.size());
        if (shown(row) != shown(found->second))
            return shown(row) + "\n" + shown(found->second);
    }
    return expected.size() == got.size() ? std::string() : "there are more than there should be";
}

/// The same of events: id and type.
std::string differ(const std::map<std::string, std::string> &expected, const std::map<std::string, std::string> &got)
{
    for (const auto &[id, type] : expected) {
        if (!got.contains(id) || got.at(id) != type)
            return id + " of type " + type + (got.contains(id) ? " is " + got.at(id) : " is missing");
    }
    for (const auto &[id, type] : got) {
        if (!expected.contains(id))
            return id + " of type " + type + " is too much";
    }
    return {};
}

/// An action that waits; empty: none.
std::string waiting(Backend &backend)
{
    for (const auto &[id, action] : actionsOf(backend)) {
        if (action.state == ActionState::Proposed)
            return id;
    }
    return {};
}

std::string stateOf(Backend &backend, const std::string &id)
{
    return std::string(toString(actionsOf(backend).at(id).state));
}

Result<DecisionOutcome> decide(Backend &backend, const std::string &id, DecisionKind kind)
{
    return waitFor<DecisionOutcome>([&](Done<DecisionOutcome> done) {
        backend.decide(lookingOn(), {id, kind, "alice", "looked at it"}, false, std::move(done));
    });
}

} // namespace

class TestKafkaBackend : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void showsWhatTheEngineShows()
    {
        MockCluster mock;
        makeTopics(mock);
        PublishingEngine engine(mock.brokers());
        NOTHING_WRONG(engine.failure());
        NOTHING_WRONG(engine.publish());
        const auto attached = KafkaBackend::attach(topicsOf(mock.brokers()));
        NOTHING_WRONG(errorOf(attached));
        KafkaBackend &topics = *attached.value();

        const auto findings = findingsOf(engine.backend());
        QVERIFY(findings.size() > 3);
        QTRY_COMPARE_WITH_TIMEOUT(findingsOf(topics).size(), findings.size(), SoonMs);
        const auto actions = actionsOf(engine.backend());
        QVERIFY(!actions.empty());
        QTRY_COMPARE_WITH_TIMEOUT(actionsOf(topics).size(), actions.size(), SoonMs);
        const auto events = eventsOf(engine.backend(), "");
        QTRY_COMPARE_WITH_TIMEOUT(eventsOf(topics, NotOfTopics).size(), events.size(), SoonMs);
        NOTHING_WRONG(differs(findings, findingsOf(topics)));
        NOTHING_WRONG(differs(actions, actionsOf(topics)));
        NOTHING_WRONG(differ(events, eventsOf(topics, NotOfTopics)));
        QCOMPARE(topics.state().phase, ConnectionState::Phase::Attached);

        // Everything once more, as after a crash of the one who publishes: nothing changes.
        const auto everything = eventsOf(topics, "");
        NOTHING_WRONG(engine.publish(true));
        const auto counted = [&] {
            return waitFor<Health>([&](Done<Health> done) { topics.health(lookingOn(), std::move(done)); })
                .value()
                .summary.counters;
        };
        QTRY_VERIFY_WITH_TIMEOUT(counted().duplicate >= everything.size(), SoonMs);
        QVERIFY(counted().conserved());
        NOTHING_WRONG(differ(everything, eventsOf(topics, "")));
        NOTHING_WRONG(differs(findings, findingsOf(topics)));
        NOTHING_WRONG(differs(actions, actionsOf(topics)));
    }

    void whatNoTopicCarriesIsRefusedAndSaysWhere()
    {
        MockCluster mock;
        makeTopics(mock, 1);
        const auto attached = KafkaBackend::attach(topicsOf(mock.brokers()));
        NOTHING_WRONG(errorOf(attached));
        KafkaBackend &topics = *attached.value();
        const auto expectations = waitFor<std::vector<CaseExpectation>>(
            [&](auto done) { topics.expectations(lookingOn(), std::move(done)); });
        QVERIFY(!expectations);
        QVERIFY(expectations.error().text().find("topics do not carry what is expected next") != std::string::npos);
        QVERIFY(expectations.error().text().find("--attach") != std::string::npos);
        const auto ingested =
            waitFor<IngestOutcome>([&](auto done) { topics.ingest(lookingOn(), {}, std::move(done)); });
        QVERIFY(!ingested && ingested.error().code == Error::Code::Refused);
        const auto decided = decide(topics, std::string(32, 'a') + ".1", DecisionKind::Approve);
        QVERIFY(!decided && decided.error().text().find("only look") != std::string::npos);
        // Empty, and not an error: nothing was published yet.
        QVERIFY(findingsOf(topics).empty());
    }

    void aDirectoryKeepsItAndOpensOffline()
    {
        QTemporaryDir kept;
        const std::string directory = kept.filePath(QStringLiteral("kept")).toStdString();
        std::map<std::string, Finding> findings;
        std::map<std::string, Action> actions;
        std::map<std::string, std::string> events;
        {
            MockCluster mock;
            makeTopics(mock);
            PublishingEngine engine(mock.brokers());
            NOTHING_WRONG(engine.publish());
            KafkaAttachOptions options = topicsOf(mock.brokers());
            options.directory = directory;
            options.follow = false;
            KafkaAttachOptions wrong = options;
            wrong.directory = engine.directory();
            const std::string refused = errorOf(KafkaBackend::attach(std::move(wrong)));
            QVERIFY2(refused.find("workspace of an engine") != std::string::npos, refused.c_str());
            const auto attached = KafkaBackend::attach(std::move(options));
            NOTHING_WRONG(errorOf(attached));
            const std::atomic<bool> stop{false};
            const Status ended = attached.value()->waitForEnd(stop);
            NOTHING_WRONG(errorOf(ended));
            findings = findingsOf(engine.backend());
            actions = actionsOf(engine.backend());
            events = eventsOf(engine.backend(), "");
            NOTHING_WRONG(differs(findings, findingsOf(*attached.value())));
        }
        LocalBackendOptions options;
        options.registry = {builtinStages(), builtinSources()};
        LocalBackend offline(Workspace{directory}, options);
        NOTHING_WRONG(differs(findings, findingsOf(offline)));
        NOTHING_WRONG(differs(actions, actionsOf(offline)));
        NOTHING_WRONG(differ(events, eventsOf(offline, NotOfTopics)));
    }

    /// What was looked at as topics can be exported, and read elsewhere into the same.
    void anExportGivesTheSameEventsAndFindings()
    {
        QTemporaryDir scratch;
        const std::string file = scratch.filePath(QStringLiteral("topics.evcap")).toStdString();
        std::map<std::string, Finding> findings;
        std::map<std::string, Action> actions;
        std::map<std::string, std::string> events;
        {
            MockCluster mock;
            makeTopics(mock);
            PublishingEngine engine(mock.brokers());
            NOTHING_WRONG(engine.publish());
            KafkaAttachOptions options = topicsOf(mock.brokers());
            options.follow = false;
            const auto attached = KafkaBackend::attach(std::move(options));
            NOTHING_WRONG(errorOf(attached));
            const std::atomic<bool> stop{false};
            NOTHING_WRONG(errorOf(attached.value()->waitForEnd(stop)));
            ExportRequest request;
            request.path = file;
            NOTHING_WRONG(errorOf(waitFor<ExportProgress>([&](Done<ExportProgress> done) {
                attached.value()->exportCapture({"alice", Role::Admin, {}}, request, {}, std::move(done));
            })));
            findings = findingsOf(engine.backend());
            actions = actionsOf(engine.backend());
            events = eventsOf(engine.backend(), "");
        }
        LocalBackendOptions options;
        options.registry = {builtinStages(), builtinSources()};
        options.dataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
        LocalBackend offline(Workspace{scratch.filePath(QStringLiteral("workspace")).toStdString()}, options);
        QFile pipeline(QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/definitions/topics.yaml"));
        QVERIFY(pipeline.open(QIODevice::ReadOnly));
        ReplayRequest replay;
        replay.files = {file};
        replay.pipelineText = pipeline.readAll().toStdString();
        replay.pipelineName = pipeline.fileName().toStdString();
        NOTHING_WRONG(errorOf(waitFor<WorkspaceSummary>([&](Done<WorkspaceSummary> done) {
            offline.replay({"alice", Role::Admin, {}}, replay, {}, std::move(done));
        })));
        NOTHING_WRONG(differs(findings, findingsOf(offline)));
        NOTHING_WRONG(differs(actions, actionsOf(offline)));
        NOTHING_WRONG(differ(events, eventsOf(offline, NotOfTopics)));
    }

    void nothingIsLeftBehindWhereNoDirectoryIsNamed()
    {
        QTemporaryDir temporary;
        qputenv("TMPDIR", temporary.path().toUtf8());
        {
            MockCluster mock;
            makeTopics(mock, 1);
            const auto attached = KafkaBackend::attach(topicsOf(mock.brokers()));
            NOTHING_WRONG(errorOf(attached));
            const QDir folder(temporary.path());
            const QStringList made = folder.entryList({QStringLiteral("eventops-topics-*")}, QDir::Dirs);
            QCOMPARE(made.size(), 1);
            const QFile::Permissions others = QFile::ReadGroup | QFile::ExeGroup | QFile::ReadOther | QFile::ExeOther;
            QVERIFY((QFile::permissions(folder.filePath(made.front())) & others) == QFile::Permissions());
        }
        QVERIFY(QDir(temporary.path()).isEmpty());
        qunsetenv("TMPDIR");
    }

    void whoCannotAttachIsToldWhy()
    {
        MockCluster mock;
        const auto bare = KafkaBackend::attach(topicsOf(mock.brokers()));
        QVERIFY(!bare);
        QVERIFY(bare.error().text().find("no topic with events, alerts or actions") != std::string::npos);
        QVERIFY(bare.error().text().find("eventops kafka init") != std::string::npos);
        makeTopics(mock, 1);
        const auto missing = KafkaBackend::attach(topicsOf(mock.brokers(), "?topics=signals.metrics.v1"));
        QVERIFY(!missing);
        QVERIFY(missing.error().text().find("has no topic signals.metrics.v1") != std::string::npos);
    }

    /// E30, U62: signed decisions reach the engine, and what became of them comes back.
    void aDecisionIsCarriedOutByTheEngine()
    {
        MockCluster mock;
        makeTopics(mock, 1);
        DecidingEngine engine(mock.brokers());
        NOTHING_WRONG(engine.failure());
        NOTHING_WRONG(engine.publish());
        KafkaAttachOptions options = topicsOf(mock.brokers());
        options.secret = DecidingEngine::Secret;
        const auto attached = KafkaBackend::attach(std::move(options));
        NOTHING_WRONG(errorOf(attached));
        KafkaBackend &topics = *attached.value();
        QTRY_VERIFY_WITH_TIMEOUT(!waiting(topics).empty(), SoonMs);
        const std::string first = waiting(topics);

        engine.attend();
        const auto approved = decide(topics, first, DecisionKind::Approve);
        NOTHING_WRONG(errorOf(approved));
        QVERIFY(approved.value().action.state == ActionState::Approved
                || approved.value().action.state == ActionState::Published);
        QCOMPARE(approved.value().action.approver, std::string("alice"));
        const std::string verb = engine.audited(first, "alice");
        QVERIFY2(verb.find("approved") == 0 && verb.find("\"via\":\"Kafka\"") != std::string::npos, verb.c_str());

        const std::string second = waiting(topics);
        QVERIFY(!second.empty());
        NOTHING_WRONG(errorOf(decide(topics, second, DecisionKind::Reject)));
        QCOMPARE(stateOf(engine.backend(), second), std::string("rejected"));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(topics, first), std::string("published"), SoonMs);
        // What is decided stays so.
        const auto late = decide(topics, first, DecisionKind::Reject);
        QVERIFY(!late && late.error().text().find("already, by alice") != std::string::npos);
    }

    void whatIsNotRightlySignedChangesNothing()
    {
        MockCluster mock;
        makeTopics(mock, 1);
        DecidingEngine engine(mock.brokers());
        NOTHING_WRONG(engine.publish());
        KafkaAttachOptions options = topicsOf(mock.brokers());
        options.secret = std::string(40, 'x'); // not the engine's
        const auto attached = KafkaBackend::attach(std::move(options));
        NOTHING_WRONG(errorOf(attached));
        KafkaBackend &topics = *attached.value();
        QTRY_VERIFY_WITH_TIMEOUT(!waiting(topics).empty(), SoonMs);
        const std::string id = waiting(topics);
        engine.attend();
        const auto refused = decide(topics, id, DecisionKind::Approve);
        QVERIFY(!refused);
        QVERIFY2(errorOf(refused).find("not signed by alice") != std::string::npos, errorOf(refused).c_str());
        QCOMPARE(stateOf(engine.backend(), id), std::string("proposed"));
        QCOMPARE(engine.audited(id, "alice"), std::string());
    }

    /// One signed message again and again, late, of another tenant's name, and about something else.
    void onlyAFreshCommandOfWhatIsProposedCounts()
    {
        MockCluster mock;
        makeTopics(mock, 1);
        DecidingEngine engine(mock.brokers());
        NOTHING_WRONG(engine.failure());
        const std::string id = waiting(engine.backend());
        const Action action = actionsOf(engine.backend()).at(id);
        DecisionCommand command;
        command.id = "c-1";
        command.decision = {id, DecisionKind::Approve, "alice", "looked at it"};
        command.tenant = action.suggestion.tenant;
        command.digest = action.digest;
        command.at = SystemClock().now();
        const auto send = [&](const DecisionCommand &one, const char *secret = DecidingEngine::Secret) {
            const std::string payload = encodeDecisionCommand(one);
            return mock.produce("ctrl.command.v1", 0,
                                {{payload, "k", {{std::string(SignatureHeader), commandSignature(secret, payload)}}}});
        };
        const auto decisions = engine.open();
        NOTHING_WRONG(errorOf(decisions));
        DecisionCommand old = command, other = command, rival = command, viewer = command, foreign = command;
        old.at = WallNs{raw(command.at) - 3'600 * NsPerSecond};
        other.digest = std::string(64, '0');
        rival.tenant = "rival";
        viewer.decision.user = "victor";
        foreign.decision.actionId = std::string(32, '0') + ".1";
        for (const DecisionCommand *wrong : {&old, &other, &rival, &foreign})
            QVERIFY(send(*wrong));
        QVERIFY(send(viewer, DecidingEngine::ViewersSecret));
        QVERIFY(mock.produce("ctrl.command.v1", 0, {{encodeDecisionCommand(command)}, {"{broken"}}));
        NOTHING_WRONG(errorOf(decisions.value()->catchUp()));
        QCOMPARE(decisions.value()->counts().refused, std::uint64_t{5}); // one of them without a signature
        QCOMPARE(decisions.value()->counts().foreign, std::uint64_t{2});
        QCOMPARE(stateOf(engine.backend(), id), std::string("proposed"));
        std::string reasons;
        for (const MockCluster::Read &letter : mock.readAll("actions.dlq", 0)) {
            for (const auto &[name, value] : letter.headers)
                reasons += name == "eventops-reason" ? value + '\n' : "";
        }
        for (const char *const reason :
             {"15 minutes", "something else", "for the tenant rival", "no role", "not signed"})
            QVERIFY2(reasons.find(reason) != std::string::npos, reasons.c_str());

        QVERIFY(send(command));
        QVERIFY(send(command));
        NOTHING_WRONG(errorOf(decisions.value()->catchUp()));
        QCOMPARE(decisions.value()->counts().applied, std::uint64_t{1});
        QCOMPARE(decisions.value()->counts().known, std::uint64_t{1});
        QCOMPARE(stateOf(engine.backend(), id), std::string("published"));
        QCOMPARE(mock.readAll("actions.dlq", 0).size(), std::size_t{5});
    }

    void anEngineThatDoesNotAnswerIsToldOf()
    {
        MockCluster mock;
        makeTopics(mock, 1);
        PublishingEngine engine(mock.brokers());
        NOTHING_WRONG(engine.publish());
        KafkaAttachOptions options = topicsOf(mock.brokers());
        options.secret = DecidingEngine::Secret;
        options.decideWithin = std::chrono::milliseconds(500);
        const auto attached = KafkaBackend::attach(std::move(options));
        NOTHING_WRONG(errorOf(attached));
        KafkaBackend &topics = *attached.value();
        QTRY_VERIFY_WITH_TIMEOUT(!waiting(topics).empty(), SoonMs);
        const auto decided = decide(topics, waiting(topics), DecisionKind::Approve);
        QVERIFY2(errorOf(decided).find("no engine has taken the decision") != std::string::npos,
                 errorOf(decided).c_str());
    }

    void addresses()
    {
        const auto address = readKafkaAddress("kafka://a:9092,b:9093/?topics=ops.alert.v1,my.events&start=latest"
                                              "&client_id=wall%20display");
        NOTHING_WRONG(errorOf(address));
        QCOMPARE(address.value().shown(), std::string("kafka://a:9092,b:9093"));
        QCOMPARE(address.value().topics, (std::vector<std::string>{"ops.alert.v1", "my.events"}));
        QCOMPARE(address.value().start, std::string("latest"));
        QCOMPARE(address.value().settings().value().clientId, std::string("wall display"));
        const std::pair<const char *, const char *> wrong[] = {
            {"kafka://nowhere", "is not host:port"},
            {"kafka://a:9092?start=soon", "no place in a topic"},
            {"kafka://a:9092?sasl_pasword_file=x", "did you mean \"sasl_password_file\""},
            {"kafka://a:9092?latest", "without a value"},
            {"kafka://a:9092?preset=other", "no such preset"},
            {"kafka://a:9092?security_protocol=tls", "unknown protocol"},
        };
        for (const auto &[text, why] : wrong) {
            const auto read = readKafkaAddress(text);
            QVERIFY2(errorOf(read).find(why) != std::string::npos, errorOf(read).c_str());
        }
    }
};

EVENTOPS_TEST(TestKafkaBackend)
#include "tst_kafka_backend.moc"
