// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/local_backend.h"
#include "pipelines/sinks/qdrant/feature_vector.h"
#ifndef Q_MOC_RUN // which misreads raw strings
#include "tests/unit/sinks/fake_peers.h"
#endif
#include "tests/unit/sinks/sink_bench.h"

#include <QtCore/QElapsedTimer>

#include <cmath>
#include <future>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Events = 120;
const char *const Kinds[] = {"opensearch", "neo4j", "qdrant", "webhook"};

std::unique_ptr<FakePeer> peerOf(const std::string &kind)
{
    if (kind == "opensearch")
        return std::make_unique<FakeOpenSearch>();
    if (kind == "neo4j")
        return std::make_unique<FakeNeo4j>();
    if (kind == "qdrant")
        return std::make_unique<FakeQdrant>();
    return std::make_unique<FakeReceiver>();
}

/// `- opensearch: {url: …, more}`
std::string sinkLine(const std::string &kind, const std::string &url, const std::string &more = {})
{
    const std::string secret = kind == "webhook" ? std::string(", secret_env: ") + SecretVariable : "";
    return "  - " + kind + ": {url: \"" + url + "\"" + secret + more + "}\n";
}

std::vector<std::string> bodies(const std::map<std::string, std::string> &documents)
{
    std::vector<std::string> out;
    for (const auto &[key, document] : documents)
        out.push_back(document);
    std::sort(out.begin(), out.end());
    return out;
}

/// Pushes until all is there, as a follower does; the number of times that it had to come again, -1: it ended badly.
int pushed(SinkFeed &feed, std::string *why = nullptr)
{
    for (int failures = 0; failures < 100; ++failures) {
        const Status done = feed.catchUp(true);
        if (done)
            return failures;
        if (why != nullptr)
            *why = done.error().text();
        if (done.error().code != Error::Code::Unavailable)
            return -1;
    }
    return -1;
}

constexpr SinkPatience Impatient{1, 2};

} // namespace

/// Sinks against servers of their peers' documented protocols.
class TestSinks : public QObject
{
    Q_OBJECT

private:
    Scratch m_scratch;
    std::map<std::string, std::string> m_wanted;

    std::unique_ptr<SinkFeed> feedOf(const PipelineSpec &spec)
    {
        auto feed = SinkFeed::open({m_scratch.workspace().toStdString()}, spec.sinks.front(), {}, Impatient);
        if (!feed)
            qFatal("%s", feed.error().text().c_str());
        return std::move(feed).value();
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv(SecretVariable, FakeReceiver::Secret);
        const QString pipeline = m_scratch.file(QStringLiteral("plain.yaml"), pipelineWith("  []\n"));
        const QString events = m_scratch.file(QStringLiteral("events.ndjson"), sinkEvents(Events));
        const Ran ran = m_scratch.replay({events}, {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(ran.exitCode == 0, ran.err);
        m_wanted = eventsByKey(m_scratch);
        QCOMPARE(m_wanted.size(), std::size_t(Events));
    }

    /// E25: one run, one event, OpenSearch, Neo4j, Qdrant and a webhook: each has it byte for byte.
    void theSameEventIsEverywhere()
    {
        std::map<std::string, std::unique_ptr<FakePeer>> peers;
        std::string sinks;
        for (const char *kind : Kinds) {
            peers[kind] = peerOf(kind);
            sinks += sinkLine(kind, peers[kind]->url());
        }
        Scratch scratch;
        const QString pipeline = scratch.file(QStringLiteral("all.yaml"), pipelineWith(sinks));
        const QString events = scratch.file(QStringLiteral("events.ndjson"), sinkEvents(Events));
        const Ran ran = scratch.replay({events}, {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(ran.exitCode == 0, ran.err);
        const auto wanted = eventsByKey(scratch);
        QCOMPARE(wanted.size(), std::size_t(Events));
        for (const auto &[kind, peer] : peers) {
            QVERIFY2(peer->complaint().empty(), (kind + ": " + peer->complaint()).c_str());
            QCOMPARE(peer->documents().size(), wanted.size());
            QVERIFY2(bodies(peer->documents()) == bodies(wanted), kind.c_str());
        }
        QVERIFY(peers["opensearch"]->documents() == wanted);
        QVERIFY(peers["neo4j"]->documents() == wanted);
        const Ran listed = run({QStringLiteral("sinks"), QStringLiteral("list"), QStringLiteral("--json"),
                                QStringLiteral("--workspace"), scratch.workspace()});
        const std::string json = listed.out.toStdString();
        for (const char *place : {"0", "1", "2", "3"}) {
            QCOMPARE(std::string(jsonFind(json, std::string(place) + ".lag")->text), std::string("0"));
            QCOMPARE(std::string(jsonFind(json, std::string(place) + ".delivered")->text), std::to_string(Events));
        }
    }

    /// K114: what the stages found between entities is a graph of typed, directed links at the peer.
    void neo4jHasTheGraph()
    {
        FakeNeo4j peer;
        const PipelineSpec spec = specOf(pipelineWith(sinkLine("neo4j", peer.url())));
        auto feed = feedOf(spec);
        QCOMPARE(pushed(*feed), 0);
        QCOMPARE(peer.constraints(), 2);
        const auto about = peer.about();
        QVERIFY(about.size() >= std::size_t(Events));
        const auto ledger = Ledger::open(m_scratch.workspace().toStdString(), LedgerMode::Read, {});
        std::size_t links = 0;
        QVERIFY(ledger.value()->links(Filter(), {}, [&](const Link &link) {
            std::string type = link.type;
            std::transform(type.begin(), type.end(), type.begin(),
                           [](char c) { return static_cast<char>(toupper(c)); });
            const std::string wanted = link.sourceType + ' ' + link.sourceId + " -" + type + '/' + link.type + "-> "
                                       + link.targetType + ' ' + link.targetId;
            ++links;
            if (peer.links().count(wanted) == 0)
                qFatal("%s", wanted.c_str());
            return true;
        }));
        QVERIFY(links > 0);
        QCOMPARE(peer.links().size(), links);
    }

    void eachTakesWhatItsFilterLetsThrough_data() { kinds(); }
    void eachTakesWhatItsFilterLetsThrough()
    {
        QFETCH(const std::string, kind);
        const auto peer = peerOf(kind);
        const PipelineSpec spec =
            specOf(pipelineWith(sinkLine(kind, peer->url(), ", filter: \"metric = cpu_load\", batch: 7")));
        QCOMPARE(pushed(*feedOf(spec)), 0);
        const auto wanted = eventsByKey(m_scratch, QStringLiteral("metric = cpu_load"));
        QCOMPARE(wanted.size(), std::size_t(Events / 3));
        QVERIFY(bodies(peer->documents()) == bodies(wanted));
        QVERIFY(peer->writes() >= wanted.size() / 7);
    }

    void faultsLoseNothingAndDoubleNothing_data() { kinds(); }
    void faultsLoseNothingAndDoubleNothing()
    {
        QFETCH(const std::string, kind);
        using enum PeerFault;
        for (const PeerFault fault : {Busy, Unavailable, Proxy, CutBefore, CutAfter, Half, Hang}) {
            const auto peer = peerOf(kind);
            const PipelineSpec spec = specOf(pipelineWith(sinkLine(kind, peer->url(), ", batch: 50, timeout: 250ms")));
            peer->fail({None, fault, fault, None, fault});
            auto feed = feedOf(spec);
            std::string why;
            const int failures = pushed(*feed, &why);
            QVERIFY2(failures > 0, (kind + ' ' + std::to_string(static_cast<int>(fault)) + ' ' + why).c_str());
            QVERIFY2(!why.empty(), kind.c_str());
            QVERIFY2(peer->complaint().empty(), peer->complaint().c_str());
            QVERIFY2(bodies(peer->documents()) == bodies(m_wanted), why.c_str());
            QVERIFY(feed->mark().letters.empty() && feed->mark().trouble.empty());
            QCOMPARE(feed->mark().place, std::uint64_t(Events));
            QVERIFY(QFile::remove(markFile(kind)));
        }
    }

    /// A peer that says when to come again is left alone for as long.
    void aPeerIsLeftAloneAsItAsks()
    {
        FakeOpenSearch peer;
        peer.fail({PeerFault::Busy});
        auto feed = feedOf(specOf(pipelineWith(sinkLine("opensearch", peer.url()))));
        const Status done = feed->catchUp(true);
        QVERIFY(!done && done.error().code == Error::Code::Unavailable);
        QVERIFY(feed->wait() >= std::chrono::milliseconds(1'000));
        QVERIFY2(feed->mark().trouble.find("429") != std::string::npos, feed->mark().trouble.c_str());
        QVERIFY(feed->mark().since != NoTime);
        const auto troubles = sinkTroubles({m_scratch.workspace().toStdString()},
                                           specOf(pipelineWith(sinkLine("opensearch", peer.url()))).sinks, Events);
        QCOMPARE(troubles.size(), std::size_t(1));
        QVERIFY2(troubles[0].find("sink opensearch: 120 events wait since ") == 0, troubles[0].c_str());
        const Workspace workspace{m_scratch.workspace().toStdString()};
        QVERIFY(workspace.writePipeline(specOf(pipelineWith(sinkLine("opensearch", peer.url()))).text));
        LocalBackendOptions options;
        options.registry = {builtinStages(), builtinSources(), builtinSinks()};
        LocalBackend backend(workspace, std::move(options));
        std::promise<std::vector<std::string>> behind;
        backend.health({"tester", Role::Viewer, {}}, [&](const Result<Health> &health) {
            behind.set_value(health ? health.value().summary.behind : std::vector<std::string>{"no health"});
        });
        QCOMPARE(behind.get_future().get(), troubles);
        QVERIFY(QFile::remove(markFile("opensearch")));
    }

    void whatAPeerRefusesIsSetAside_data() { kinds(); }
    void whatAPeerRefusesIsSetAside()
    {
        QFETCH(const std::string, kind);
        const auto peer = peerOf(kind);
        peer->refuse("order:A-31\"");
        const PipelineSpec spec = specOf(pipelineWith(sinkLine(kind, peer->url())));
        auto feed = feedOf(spec);
        QCOMPARE(pushed(*feed), 0);
        QCOMPARE(peer->documents().size(), m_wanted.size() - 1);
        QCOMPARE(feed->mark().letters.size(), std::size_t(1));
        const SinkLetter letter = feed->mark().letters.front();
        QCOMPARE(letter.place, std::uint64_t(31));
        QVERIFY(m_wanted.count(letter.key) == 1);
        QVERIFY2(!letter.why.empty(), kind.c_str());
        const auto troubles = sinkTroubles({m_scratch.workspace().toStdString()}, spec.sinks, Events);
        QVERIFY2(troubles.size() == 1 && troubles[0].find("eventops sinks retry " + kind) != std::string::npos,
                 troubles.empty() ? "none" : troubles[0].c_str());
        QCOMPARE(feed->retry().valueOr(9), std::uint64_t(0)); // still not
        QCOMPARE(feed->mark().letters.size(), std::size_t(1));
        peer->refuse("");
        QCOMPARE(feed->retry().valueOr(9), std::uint64_t(1));
        QVERIFY(feed->mark().letters.empty());
        QVERIFY(bodies(peer->documents()) == bodies(m_wanted));
        QVERIFY(QFile::remove(markFile(kind)));
    }

    /// What the ledger tells apart is told apart there: the same id in two tenants, and under two idempotency keys.
    void keysAreAsTheLedgerHasThem()
    {
        Scratch scratch;
        FakeOpenSearch peer;
        const QByteArray events = "{\"id\":\"x\",\"type\":\"a\",\"tenant\":\"t\"}\n{\"id\":\"x\",\"type\":\"a\"}\n"
                                  "{\"id\":\"x\",\"type\":\"a\",\"idempotency_key\":\"k#1\"}\n"
                                  "{\"id\":\"x\",\"type\":\"a\",\"idempotency_key\":\"k2\"}\n"
                                  "{\"id\":\"t/x\",\"type\":\"a\"}\n{\"id\":\"x#k2\",\"type\":\"a\"}\n"
                                  "{\"type\":\"a\",\"idempotency_key\":\"k3\"}\n";
        QByteArray text = pipelineWith(sinkLine("opensearch", peer.url()));
        text.replace("{format: auto}",
                     "{format: mapped, framing: lines, map: {event_id: id, type: type, tenant: tenant, "
                     "idempotency_key: idempotency_key}}");
        const QString pipeline = scratch.file(QStringLiteral("p.yaml"), text);
        const Ran ran = scratch.replay({scratch.file(QStringLiteral("e.ndjson"), events)},
                                       {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(ran.json().value(QLatin1String("events")).toInt(), 7);
        const auto documents = peer.documents();
        for (const char *key : {"t/x", "x", "x#k#1", "x#k2", "default/t/x", "x%23k2"})
            QVERIFY2(documents.count(key) == 1, key);
        QCOMPARE(documents.size(), std::size_t(7)); // the last is a derived one, alone
        for (const auto &[key, document] : documents)
            QVERIFY2(key.find("k3") == std::string::npos, key.c_str());
    }

    /// L19: another target gets everything from the beginning, the old one's mark does not count.
    void anotherTargetBeginsAnew()
    {
        FakeOpenSearch first, second;
        QCOMPARE(pushed(*feedOf(specOf(pipelineWith(sinkLine("opensearch", first.url()))))), 0);
        QCOMPARE(pushed(*feedOf(specOf(pipelineWith(sinkLine("opensearch", second.url()))))), 0);
        QVERIFY(second.documents() == first.documents());
        const std::size_t writes = second.writes();
        QCOMPARE(pushed(*feedOf(specOf(pipelineWith(sinkLine("opensearch", second.url()))))), 0);
        QCOMPARE(second.writes(), writes); // nothing is new
    }

    /// A peer that takes the connection and never says a word costs the ledger nothing.
    void aDeadSinkDoesNotHoldUpTheLedger()
    {
        FakeOpenSearch hanging;
        hanging.fail(std::vector<PeerFault>(100, PeerFault::Hang));
        FakeReceiver healthy;
        Scratch scratch;
        const std::string sinks = sinkLine("opensearch", hanging.url(), ", timeout: 500ms")
                                  + "  - opensearch: {name: nobody, url: \"http://127.0.0.1:9\"}\n"
                                  + sinkLine("webhook", healthy.url());
        const QString pipeline = scratch.file(QStringLiteral("dead.yaml"), pipelineWith(sinks));
        const QString events = scratch.file(QStringLiteral("events.ndjson"), sinkEvents(Events));
        const QStringList more{QStringLiteral("--pipeline"), pipeline};
        QElapsedTimer time;
        time.start();
        const Ran ran = scratch.replay({events}, more);
        QVERIFY2(ran.exitCode == 0, ran.err);
        QVERIFY2(time.elapsed() < 15'000, QByteArray::number(time.elapsed()));
        const QString digest = ran.json().value(QLatin1String("digest")).toString();
        Scratch plain;
        const Ran without = plain.replay(
            {plain.file(QStringLiteral("events.ndjson"), sinkEvents(Events))},
            {QStringLiteral("--pipeline"), plain.file(QStringLiteral("plain.yaml"), pipelineWith("  []\n"))});
        QCOMPARE(digest, without.json().value(QLatin1String("digest")).toString());
        QVERIFY(!digest.isEmpty());
        for (const char *count : {"received", "stored", "skipped", "duplicate", "dead_lettered", "in_flight", "events"})
            QCOMPARE(ran.json().value(QLatin1String(count)), without.json().value(QLatin1String(count)));
        QVERIFY2(ran.err.contains("sink opensearch: ") && ran.err.contains("sink nobody: "), ran.err);
        QVERIFY2(!ran.err.contains("sink webhook: "), ran.err);
        QCOMPARE(healthy.documents().size(), std::size_t(Events));
        hanging.fail({});
        const Ran later = run({QStringLiteral("sinks"), QStringLiteral("push"), QStringLiteral("opensearch"),
                               QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(later.exitCode == 0, later.err);
        QVERIFY(bodies(hanging.documents()) == bodies(eventsByKey(scratch)));
    }

    /// As `eventops serve` has it: a pipeline that comes is followed, and a peer that comes back is fed, without a run.
    void aWatchFollowsThePipeline()
    {
        FakeQdrant peer;
        peer.fail({PeerFault::Unavailable});
        Scratch scratch;
        const QString pipeline =
            scratch.file(QStringLiteral("one.yaml"), pipelineWith(sinkLine("qdrant", "http://127.0.0.1:9")));
        const QString events = scratch.file(QStringLiteral("events.ndjson"), sinkEvents(Events));
        QCOMPARE(scratch.replay({events}, {QStringLiteral("--pipeline"), pipeline}).exitCode, 0);
        const Workspace workspace{scratch.workspace().toStdString()};
        const Registry registry{builtinStages(), builtinSources(), builtinSinks()};
        SinkWatch watch(workspace, [&] { return workspaceSinks(workspace, registry, {}); }, {});
        const PipelineSpec other = specOf(pipelineWith(sinkLine("qdrant", peer.url())));
        QVERIFY(workspace.writePipeline(other.text));
        QTRY_COMPARE_WITH_TIMEOUT(peer.documents().size(), std::size_t(Events), 20'000);
        QVERIFY(bodies(peer.documents()) == bodies(eventsByKey(scratch)));
    }

    void cloudEventsHoldTheEventUnchanged()
    {
        FakeReceiver peer;
        const PipelineSpec spec =
            specOf(pipelineWith(sinkLine("webhook", peer.url(), ", form: cloudevents, filter: \"metric = cpu_load\"")));
        QCOMPARE(pushed(*feedOf(spec)), 0);
        const std::string request = peer.lastRequest();
        const std::string body = request.substr(request.find("\r\n\r\n") + 4);
        QVERIFY(request.find("application/cloudevents-batch+json") != std::string::npos);
        const auto wanted = eventsByKey(m_scratch, QStringLiteral("metric = cpu_load"));
        std::size_t at = 0, count = 0;
        for (auto one = jsonNext(body, at); one; one = jsonNext(body, at), ++count) {
            const auto found = wanted.find(unescaped(jsonFind(one->value.text, "id")));
            QVERIFY(found != wanted.end());
            QCOMPARE(std::string(jsonFind(one->value.text, "data")->text), found->second);
            QCOMPARE(unescaped(jsonFind(one->value.text, "specversion")), std::string("1.0"));
        }
        QCOMPARE(count, wanted.size());
        QVERIFY(QFile::remove(markFile("webhook")));
    }

    void aCollectionOfOtherVectorsIsNamed()
    {
        FakeQdrant peer;
        QCOMPARE(pushed(*feedOf(specOf(pipelineWith(sinkLine("qdrant", peer.url(), ", dimension: 64"))))), 0);
        auto feed = feedOf(specOf(pipelineWith(sinkLine("qdrant", peer.url(), ", dimension: 128"))));
        const Status done = feed->catchUp(true);
        QVERIFY(!done);
        QVERIFY2(done.error().text().find("has vectors of 64, not of 128") != std::string::npos,
                 done.error().text().c_str());
        QVERIFY(QFile::remove(markFile("qdrant")));
    }

    void vectorsAreNearForTextsThatAre()
    {
        const auto cosine = [](std::string_view a, std::string_view b) {
            const auto x = featureVector(a, 256), y = featureVector(b, 256);
            double sum = 0.0, length = 0.0;
            for (std::size_t i = 0; i < x.size(); ++i) {
                sum += static_cast<double>(x[i]) * y[i];
                length += static_cast<double>(x[i]) * x[i];
            }
            return std::abs(length - 1.0) < 1e-5 ? sum : -9.0;
        };
        QVERIFY(cosine("connection reset by peer db-1", "Connection reset by peer DB-1") > 0.999);
        const double near = cosine("connection reset by peer db-1", "connection reset by peer db-2");
        const double far = cosine("connection reset by peer db-1", "nightly backup finished without trouble");
        QVERIFY2(near > 0.6 && far < 0.35, qPrintable(QStringLiteral("%1 %2").arg(near).arg(far)));
        QCOMPARE(featureVector("", 16), featureVector(" !?", 16));
        QCOMPARE(featureVector("", 16).front(), 1.0F);
    }

    void whatIsWrongInSettingsIsNamed_data()
    {
        QTest::addColumn<std::string>("sinks");
        QTest::addColumn<std::string>("error");
        const auto row = [](const char *name, const char *sinks, const char *error) {
            QTest::newRow(name) << std::string(sinks) << std::string(error);
        };
        row("kind", "  - opensaerch: {url: 'http://localhost'}\n",
            "s.yaml:3:5: there is no sink \"opensaerch\" (did you mean \"opensearch\"? known sinks: neo4j, "
            "opensearch, ");
        row("field", "  - qdrant: {url: 'http://localhost', colection: x}\n",
            "s.yaml:3:39: unknown field \"colection\" in sink \"qdrant\" (did you mean \"collection\"?");
        row("no url", "  - qdrant: {}\n", "s.yaml:3:5: sink \"qdrant\" lacks the field \"url\"");
        row("clear text", "  - neo4j: {url: 'http://db.example.com:7474'}\n",
            "s.yaml:3:18: field \"url\": plain http leaves this machine (use https, or set allow_http: true)");
        row("password in it", "  - neo4j: {url: 'http://a:b@localhost:7474'}\n",
            "s.yaml:3:18: field \"url\": the URL holds a user or password");
        row("filter", "  - webhook: {url: 'http://localhost', filter: 'severity >'}\n",
            "s.yaml:3:48: field \"filter\": ");
        row("batch", "  - webhook: {url: 'http://localhost', batch: 0}\n",
            "s.yaml:3:47: a sink's batch has 1 to 5000 events (leave it out: 500)");
        row("two of a name", "  - webhook: {url: 'http://localhost'}\n  - webhook: {url: 'http://localhost'}\n",
            "s.yaml:4:5: two sinks are called webhook (give each a name of its own)");
        row("name", "  - webhook: {url: 'http://localhost', name: ../x}\n",
            "s.yaml:3:46: \"../x\" is no name for a sink (use 1 to 40 letters, digits, - and _)");
        row("user alone", "  - opensearch: {url: 'http://localhost', user: a}\n",
            "s.yaml:3:49: user and password_env or password_file belong together (give both, or neither)");
        row("index", "  - opensearch: {url: 'http://localhost', index: Events}\n",
            "s.yaml:3:50: an index of OpenSearch has no capital letters (write it in small ones)");
    }
    void whatIsWrongInSettingsIsNamed()
    {
        QFETCH(const std::string, sinks);
        QFETCH(const std::string, error);
        const Registry registry{builtinStages(), builtinSources(), builtinSinks()};
        const auto spec = parsePipeline("pipeline: p\nsinks:\n" + sinks, "s.yaml", registry);
        QVERIFY(!spec);
        const std::string text = spec.error().text();
        QVERIFY2(text.find(error) == 0, text.c_str());
    }

    /// Sinks change neither what stages make of events nor the hash by which their state is found again.
    void sinksAreNoPartOfTheStagesHash()
    {
        const PipelineSpec with = specOf(pipelineWith(sinkLine("webhook", "http://localhost")));
        const PipelineSpec without = specOf(pipelineWith("  []\n"));
        QCOMPARE(with.hash, without.hash);
        QVERIFY(with.text != without.text);
        QCOMPARE(specOf(QByteArray::fromStdString(with.text)).text, with.text);
    }

private:
    void kinds()
    {
        QTest::addColumn<std::string>("kind");
        for (const char *kind : Kinds)
            QTest::newRow(kind) << std::string(kind);
    }
    QString markFile(const std::string &kind) const
    {
        return m_scratch.workspace() + QStringLiteral("/sink-%1.mark").arg(QString::fromStdString(kind));
    }
};

EVENTOPS_TEST(TestSinks)
#include "tst_sinks.moc"
