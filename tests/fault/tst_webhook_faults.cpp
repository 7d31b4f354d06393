// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/fault/fault_bench.h"
#include "tests/support/loopback_server.h"
#include "tests/support/program.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Hosts = 150;     ///< Each of them has one alert.
constexpr int SavedEvery = 16; ///< Messages that may come twice after a crash: see WebhookFeed.

/// A target that keeps what it heard, and takes a while for each.
class Target
{
public:
    /// What came whole, in its order.
    std::vector<std::pair<std::string, std::string>> messages() const
    {
        std::vector<std::pair<std::string, std::string>> out;
        for (const std::string &request : m_server.requests()) {
            const std::size_t head = request.find("\r\n\r\n"), id = request.find("webhook-id: ");
            const std::size_t length = request.find("Content-Length: ");
            if (head == std::string::npos || id == std::string::npos || length == std::string::npos
                || request.size() < head + 4 + std::stoul(request.substr(length + 16)))
                continue; // its sender was killed
            out.emplace_back(request.substr(id + 12, request.find("\r\n", id) - id - 12), request.substr(head + 4));
        }
        return out;
    }
    std::size_t heard() const { return m_server.requests().size(); }
    std::string url() const { return m_server.url("/in"); }
    bool ok() const { return m_server.ok(); }

private:
    std::mutex m_mutex; ///< Nobody else has it: the wait ends by time alone.
    std::condition_variable m_never;
    LoopbackServer m_server{[this](const std::string &) {
        std::unique_lock lock(m_mutex);
        m_never.wait_for(lock, std::chrono::milliseconds(1));
        return LoopbackServer::Answer{"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"};
    }};
};

QByteArray hotHosts()
{
    QByteArray out;
    for (int i = 0; i < Hosts; ++i)
        out += "{\"tenant_id\":\"acme\",\"host\":\"web-" + QByteArray::number(i)
               + "\",\"metric\":\"cpu_load\",\"value\":97,\"ts_event\":" + QByteArray::number(1'700'000'000 + i)
               + "}\n";
    return out;
}

using Variables = std::vector<std::pair<const char *, QString>>;

} // namespace

/// Webhooks whose sender is killed, and whose mark cannot be written: every finding and every document of an action is
/// delivered, under one id and byte for byte the same however often.
class TestWebhookFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    /// A workspace with alerts and an action that was done, and what an undisturbed push makes of it.
    void initTestCase()
    {
        const Ran ran = m_scratch.replay({m_scratch.file(QStringLiteral("hot.ndjson"), hotHosts())});
        QVERIFY2(ran.exitCode == 0, ran.err);
        const auto waiting = command({"approvals", "list", "--json"}, m_scratch.workspace()).rows();
        QVERIFY(!waiting.isEmpty());
        const QByteArray id = waiting.front().value(QLatin1String("id")).toString().toUtf8();
        QCOMPARE(command({"approvals", "approve", id.constData(), "--reason", "seen"}, m_scratch.workspace()).exitCode,
                 0);
        Target target;
        const QString workspace = hooked(target);
        const Ran pushed = push(workspace);
        QVERIFY2(pushed.exitCode == 0, pushed.err);
        m_wanted = target.messages();
        std::set<std::string> ids;
        int findings = 0;
        for (const auto &[name, body] : m_wanted) {
            ids.insert(name);
            findings += name.starts_with("finding_") ? 1 : 0;
        }
        QCOMPARE(ids.size(), m_wanted.size());
        QVERIFY(findings >= Hosts);
        QVERIFY(m_wanted.size() >= static_cast<std::size_t>(findings) + 2); // a request, and what became of it
    }

    void whoIsKilledLosesNothing()
    {
        std::mt19937_64 random(11);
        const int wanted = 6 * faultRounds();
        int kills = 0, amid = 0, again = 0;
        for (int ends = 0; kills < wanted || amid == 0; ++ends) {
            QVERIFY(ends < 20 * faultRounds());
            Target target;
            const QString workspace = hooked(target);
            int killed = 0;
            while (!pushIsKilled(workspace, target, random() % 90)) {
                ++killed;
                amid += target.heard() > 0 && target.heard() < m_wanted.size() ? 1 : 0;
            }
            const auto messages = target.messages();
            const std::string wrong = compare(messages);
            QVERIFY2(wrong.empty(), wrong.c_str());
            // One more: what was on its way when its sender was killed.
            QVERIFY(messages.size() <= m_wanted.size() + static_cast<std::size_t>(killed * (SavedEvery + 1)));
            again += static_cast<int>(messages.size() - m_wanted.size());
            kills += killed;
            QCOMPARE(push(workspace).exitCode, 0); // nothing is new
            QCOMPARE(target.messages().size(), messages.size());
        }
        qInfo("%d kills, %d of them amid delivery; %d messages came again", kills, amid, again);
    }

    void aMarkThatCannotBeWrittenStopsDelivery_data()
    {
        QTest::addColumn<int>("error");
        QTest::addColumn<int>("after");
        QTest::addColumn<QString>("remedy");
        const QString room = QStringLiteral("make room on this disk"), file = QStringLiteral("see that it is a file");
        QTest::newRow("a directory in its place") << 0 << 0 << file;
        QTest::newRow("a full disk") << ENOSPC << 0 << room;
        QTest::newRow("a disk that becomes full") << ENOSPC << 3 << room;
        QTest::newRow("a quota") << EDQUOT << 0 << room;
        QTest::newRow("an error of the disk") << EIO << 0 << file;
        QTest::newRow("an error of the disk, amid delivery") << EIO << 5 << file;
    }

    void aMarkThatCannotBeWrittenStopsDelivery()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("a sanitizer wants to be loaded first");
#endif
        QFETCH(const int, error);
        QFETCH(const int, after);
        QFETCH(const QString, remedy);
        Target target;
        const QString workspace = hooked(target);
        const QString mark = workspace + QStringLiteral("/webhook-ops.mark");
        Variables faults;
        if (error == 0)
            QVERIFY(QDir().mkpath(mark));
        else
            faults = faultsOf(error, after);
        std::size_t before = 0;
        for (int i = 0; i < 3; ++i) {
            const Ran ran = push(workspace, faults);
            QVERIFY2(ran.exitCode > 0, QByteArray::number(ran.exitCode) + ran.err);
            const QString said = QString::fromUtf8(ran.err);
            QVERIFY2(said.contains(mark), ran.err);
            QVERIFY2(said.contains(QLatin1String("nothing is delivered, because")), ran.err);
            QVERIFY2(said.contains(remedy), ran.err);
            QVERIFY2(!said.contains(QLatin1String(".new")) || error == 0, ran.err);
            if (!faults.empty())
                faults = faultsOf(error, 0); // it does not get better by itself
            // What went out before the mark could not be written goes once, not whenever somebody tries.
            QVERIFY(i == 0 || target.heard() == before);
            before = target.heard();
            QCOMPARE(before > 0, after > 0);
        }
        if (error == 0)
            QVERIFY(QDir().rmdir(mark));
        const Ran ran = push(workspace);
        QVERIFY2(ran.exitCode == 0, ran.err);
        const auto messages = target.messages();
        const std::string wrong = compare(messages);
        QVERIFY2(wrong.empty(), wrong.c_str());
        QVERIFY(messages.size() <= m_wanted.size() + SavedEvery);
        qInfo("%zu messages went out before, %zu came again", before, messages.size() - m_wanted.size());
    }

    /// `eventops serve` says it once, and goes on by itself when the disk has room again.
    void aServerGoesOnByItself()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("a sanitizer wants to be loaded first");
#endif
        Target target;
        const QString workspace = hooked(target);
        const QString full = m_scratch.file(QStringLiteral("full"), "");
        Variables faults = faultsOf(ENOSPC, 2);
        faults.emplace_back("FAULT_FILE_WHILE", full);
        QProcess served;
        start(served, {"serve", "--port", "0"}, workspace, faults);
        QByteArray said;
        const auto hears = [&](const char *text) {
            served.waitForReadyRead(50);
            said += served.readAllStandardError();
            return said.contains(text);
        };
        QTRY_VERIFY_WITH_TIMEOUT(hears("make room on this disk"), 20'000);
        const std::size_t before = target.heard();
        QVERIFY(before > 0 && before < m_wanted.size());
        QVERIFY2(said.contains("webhook ops: ") && said.contains("webhook-ops.mark"), said);
        QTest::qWait(6'000); // longer than between two of its tries
        QCOMPARE(target.heard(), before);
        (void)hears("");
        QCOMPARE(said.count("make room on this disk"), 1);
        QVERIFY(QFile::remove(full));
        QTRY_VERIFY_WITH_TIMEOUT(compare(target.messages()).empty(), 20'000);
        QVERIFY(target.messages().size() <= m_wanted.size() + SavedEvery);
        served.terminate();
        QVERIFY(served.waitForFinished(20'000));
        QCOMPARE(served.exitCode(), 0);
    }

private:
    static Variables faultsOf(int error, int after)
    {
        return {{"LD_PRELOAD", QStringLiteral(EVENTOPS_FAULT_PRELOAD)},
                {"FAULT_FILE", QStringLiteral("/webhook-ops.mark")},
                {"FAULT_FILE_ERRNO", QString::number(error)},
                {"FAULT_FILE_AFTER", QString::number(after)}};
    }

    static void start(QProcess &process, std::initializer_list<const char *> arguments, const QString &workspace,
                      const Variables &variables = {})
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const auto &[name, value] : variables)
            environment.insert(QLatin1String(name), value);
        process.setProcessEnvironment(environment);
        QStringList all;
        for (const char *const argument : arguments)
            all.append(QLatin1String(argument));
        process.start(program(), all + QStringList{QStringLiteral("--workspace"), workspace});
    }

    static Ran command(std::initializer_list<const char *> arguments, const QString &workspace,
                       const Variables &variables = {})
    {
        QProcess process;
        start(process, arguments, workspace, variables);
        Ran ran;
        if (process.waitForFinished(60'000) && process.exitStatus() == QProcess::NormalExit)
            ran.exitCode = process.exitCode();
        ran.out = process.readAllStandardOutput();
        ran.err = process.readAllStandardError();
        return ran;
    }

    static Ran push(const QString &workspace, const Variables &variables = {})
    {
        return command({"webhook", "push", "ops"}, workspace, variables);
    }

    /// A copy of the workspace that has a hook; nothing is delivered yet.
    QString hooked(const Target &target)
    {
        const QString copy = m_scratch.path(QStringLiteral("copy%1").arg(++m_copies));
        std::filesystem::copy(m_scratch.workspace().toStdString(), copy.toStdString(),
                              std::filesystem::copy_options::recursive);
        const Ran added = command(
            {"webhook", "add", "ops", target.url().c_str(), "--send", "alerts,requests,reports", "--from-start"}, copy);
        if (added.exitCode != 0 || !target.ok())
            qFatal("no webhook: %s", added.err.constData());
        return copy;
    }

    /// True: it came to its end before. @p messages: heard by the target when it is killed, beyond those before.
    static bool pushIsKilled(const QString &workspace, const Target &target, std::size_t messages)
    {
        const std::size_t upTo = target.heard() + messages;
        QProcess process;
        start(process, {"webhook", "push"}, workspace);
        while (process.state() != QProcess::NotRunning && target.heard() < upTo)
            process.waitForFinished(1);
        if (process.state() != QProcess::NotRunning)
            process.kill();
        process.waitForFinished(30'000);
        return process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
    }

    /// Everything is there, each for the first time in its order and always the same bytes. Empty: it is so.
    std::string compare(const std::vector<std::pair<std::string, std::string>> &messages) const
    {
        std::map<std::string, std::string> seen;
        std::vector<std::pair<std::string, std::string>> firsts;
        for (const auto &[id, body] : messages) {
            const auto [known, fresh] = seen.emplace(id, body);
            if (fresh)
                firsts.emplace_back(id, body);
            else if (known->second != body)
                return id + " came again with other bytes";
        }
        return firsts == m_wanted ? std::string()
                                  : std::to_string(firsts.size()) + " messages of " + std::to_string(m_wanted.size())
                                        + ", or in another order, or others";
    }

    Scratch m_scratch;
    int m_copies = 0;
    std::vector<std::pair<std::string, std::string>> m_wanted; ///< Ids and bodies in their order.
};

EVENTOPS_TEST(TestWebhookFaults)
#include "tst_webhook_faults.moc"
