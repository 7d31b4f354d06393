// SPDX-License-Identifier: MIT
//
// Alerts as a foreign EventSource sees them: in their order, without a gap and without a repeat, whatever becomes of
// the connection and of the server.
#include "tests/support/test_main.h"

#include "core/store/ledger.h"
#include "tests/support/node_script.h"
#include "tests/unit/api/http_client.h"
#include "tests/unit/remote/served_program.h"

using namespace eventops;
using namespace eventops::test;

namespace {

int rounds()
{
    return std::max(1, qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS"));
}

} // namespace

class TestAlertClients : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { EVENTOPS_NEEDS_NODE(); }

    void anEventSourceMissesAndRepeatsNothing_data()
    {
        QTest::addColumn<QString>("how");
        QTest::addColumn<bool>("killed");
        QTest::newRow("token, connection cut") << QString() << false;
        QTest::newRow("token, server killed") << QString() << true;
        QTest::newRow("cookie, connection cut") << QStringLiteral("cookie") << false;
        QTest::newRow("cookie, server killed") << QStringLiteral("cookie") << true;
    }
    void anEventSourceMissesAndRepeatsNothing()
    {
        QFETCH(const QString, how);
        QFETCH(const bool, killed);
        const Scratch scratch;
        ServedProgram served(scratch.workspace());
        QVERIFY(served.start());
        NodeScript viewer("node_alerts", {url(served), token(served), how});
        QVERIFY2(viewer.waitUntil([&] { return !viewer.all("open").isEmpty(); }), viewer.errors());
        QVERIFY(handIn(served, 1)); // one is seen before anything happens
        QVERIFY2(viewer.waitUntil([&] { return !viewer.all("alert").isEmpty(); }), viewer.errors());
        qsizetype opened = 1;
        for (int round = 0; round < 3 * rounds(); ++round) {
            const qsizetype before = viewer.all("alert").size();
            QVERIFY(handIn(served, Burst));
            QVERIFY2(viewer.waitUntil([&] { return viewer.all("alert").size() > before; }), viewer.errors());
            if (killed) {
                served.kill();
                QVERIFY(served.start());
            } else {
                viewer.say("cut");
            }
            QVERIFY(handIn(served, Burst)); // while it is away
            ++opened;
            QVERIFY2(viewer.waitUntil([&] { return viewer.all("open").size() >= opened; }), viewer.errors());
        }
        const QStringList wanted = alerts(scratch);
        QCOMPARE(wanted.size(), 1 + 2 * Burst * 3 * rounds());
        QVERIFY2(viewer.waitUntil([&] { return viewer.all("alert").size() >= wanted.size(); }), viewer.errors());
        QCOMPARE(viewer.all("alert"), wanted);
        // A cookie ends with its server, and the browser signs in again.
        QCOMPARE(viewer.all("wrong").contains(QStringLiteral("401")), killed && !how.isEmpty());
        for (const QJsonObject &line : viewer.lines()) {
            const QJsonObject alert = line.value(QLatin1String("data")).toObject();
            QVERIFY(alert.isEmpty() || alert.value(QLatin1String("severity")).toString() == QLatin1String("critical"));
        }
        QCOMPARE(viewer.finish(), 0);
        QCOMPARE(viewer.all("alert").size(), wanted.size());
    }

    /// Without a sign-in it is told so, and does not try for ever.
    void aStrangerIsRefused()
    {
        const Scratch scratch;
        ServedProgram served(scratch.workspace());
        QVERIFY(served.start());
        NodeScript viewer("node_alerts", {url(served), QStringLiteral("nonsense")});
        QVERIFY2(viewer.waitUntil([&] { return viewer.all("wrong") == QStringList{QStringLiteral("401")}; }),
                 viewer.errors());
        QVERIFY(viewer.all("open").isEmpty());
    }

private:
    static constexpr int Burst = 60; ///< Twice this is more than a viewer without an id is greeted with.

    static QString url(const ServedProgram &served) { return QStringLiteral("http://127.0.0.1:%1").arg(served.port()); }
    static QString token(const ServedProgram &served) { return QString::fromStdString(served.options().token); }

    /// As many hosts that are too hot, each for the first time. True: all of it is stored.
    bool handIn(const ServedProgram &served, int count)
    {
        QByteArray lines;
        for (int i = 0; i < count; ++i, ++m_host)
            lines += "{\"tenant_id\":\"acme\",\"host\":\"h" + QByteArray::number(m_host)
                     + "\",\"metric\":\"cpu_load\",\"value\":97,\"unit\":\"percent\",\"ts_event\":"
                     + QByteArray::number(1'760'000'000 + m_host) + "}\n";
        HttpClient client(served.port());
        client.send("POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:" + QByteArray::number(served.port())
                    + "\r\nAuthorization: Bearer " + token(served).toUtf8()
                    + "\r\nContent-Type: application/x-ndjson\r\nContent-Length: " + QByteArray::number(lines.size())
                    + "\r\n\r\n" + lines);
        const HttpAnswer answer = client.read(false, 30'000);
        if (answer.status != 200 && answer.status != 201)
            qWarning("%d %s", answer.status, answer.body.constData());
        return answer.json().value(QLatin1String("stored")).toInt() == count;
    }

    /// Ids of the ledger's alerts, in its order.
    static QStringList alerts(const Scratch &scratch)
    {
        QStringList ids;
        const auto ledger = Ledger::open(scratch.workspace().toStdString(), LedgerMode::Read, {});
        const Status read = ledger.value()->findingsAfter(0, [&](std::uint64_t, const Finding &finding) {
            if (!finding.alert.empty())
                ids.append(QString::fromStdString(finding.id));
            return true;
        });
        return read ? ids : QStringList();
    }

    int m_host = 0;
};

EVENTOPS_TEST(TestAlertClients)
#include "tst_alert_clients.moc"
