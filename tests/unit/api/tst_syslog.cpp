// SPDX-License-Identifier: MIT
//
// Syslog over UDP and TCP: every message that is read is a record, whatever pieces it comes in, and a slow or full
// ledger holds its senders up instead of losing what they say.
#include "tests/support/test_main.h"

#include "core/api/syslog_frames.h"
#include "core/api/syslog_server.h"
#include "tests/support/fake_backend.h"

#include <QtCore/QRandomGenerator>
#include <QtNetwork/QHostAddress>
#include <QtNetwork/QTcpSocket>
#include <QtNetwork/QUdpSocket>

#include <mutex>

using namespace eventops;
using namespace eventops::api;

namespace {

/// Keeps the records that it is handed; says Busy as often as it is told to, and answers late when it is slow.
class Keeper : public eventops::test::FakeBackend
{
public:
    Ticket ingest(const Caller &, IngestRequest request, Done<IngestOutcome> done) override
    {
        const std::lock_guard lock(m_mutex);
        if (m_busy > 0) {
            --m_busy;
            done(Error{Error::Code::Busy, "no room"});
            return {};
        }
        for (const auto &record : request.records)
            m_records.push_back(request.bytes.substr(record.offset, record.size));
        IngestOutcome outcome;
        outcome.stored = request.records.size();
        if (m_holds)
            m_held.push_back([done = std::move(done), outcome] { done(outcome); });
        else
            done(outcome);
        return {};
    }
    std::vector<std::string> records()
    {
        const std::lock_guard lock(m_mutex);
        return m_records;
    }
    void beBusy(int times)
    {
        const std::lock_guard lock(m_mutex);
        m_busy = times;
    }
    void hold(bool holds)
    {
        std::vector<std::function<void()>> held;
        {
            const std::lock_guard lock(m_mutex);
            m_holds = holds;
            held.swap(m_held);
        }
        for (const auto &answer : held)
            answer();
    }

private:
    std::mutex m_mutex;
    std::vector<std::string> m_records;
    std::vector<std::function<void()>> m_held;
    int m_busy = 0;
    bool m_holds = false;
};

std::vector<std::string> framed(const std::vector<std::string> &pieces, std::size_t most = 64)
{
    SyslogFrames frames(most);
    std::vector<std::string> messages;
    const auto take = [&](std::string_view message, bool) {
        messages.emplace_back(message);
    };
    for (const std::string &piece : pieces)
        frames.add(piece, take);
    frames.end(take);
    return messages;
}

} // namespace

class TestSyslog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void framesAreToldByTheirFirstByte()
    {
        using Messages = std::vector<std::string>;
        QCOMPARE(framed({"<34>one\n<34>two\r\n\n<34>three"}), (Messages{"<34>one", "<34>two", "<34>three"}));
        QCOMPARE(framed({"7 <34>one9 <34>a\nb c"}), (Messages{"<34>one", "<34>a\nb c"}));
        QCOMPARE(framed({"7 <34>one<35>line\n4 <1>x"}), (Messages{"<34>one", "<35>line", "<1>x"}));
        QCOMPARE(framed({std::string("<1>a\0<1>b\0", 10)}), (Messages{"<1>a", "<1>b"}));
        QCOMPARE(framed({"12345 cut off\n"}, 20'000), (Messages{"12345 cut off"}));
        QCOMPARE(framed({"2026-11-22 a line that begins with a digit\n"}),
                 (Messages{"2026-11-22 a line that begins with a digit"}));
        QCOMPARE(framed({"99999999999999999999 x\n"}), (Messages{"99999999999999999999 x"}));
        QCOMPARE(framed({std::string(150, 'a') + "\nb\n"}),
                 (Messages{std::string(64, 'a'), std::string(64, 'a'), std::string(22, 'a'), "b"}));
        QCOMPARE(framed({"100 " + std::string(100, 'c') + "3 end"}),
                 (Messages{std::string(64, 'c'), std::string(36, 'c'), "end"}));
    }

    /// However the network cuts it, the same messages come out.
    void piecesDoNotShow()
    {
        for (quint32 seed = 0; seed < 500; ++seed) {
            QRandomGenerator random(seed);
            std::vector<std::string> messages(random.bounded(1u, 9u));
            std::string stream;
            for (std::string &message : messages) {
                message = "<" + std::string(random.bounded(1u, 200u), static_cast<char>('a' + random.bounded(26)));
                stream += random.bounded(2) == 0 ? std::to_string(message.size()) + ' ' + message : message + '\n';
            }
            std::vector<std::string> pieces;
            for (std::size_t at = 0; at < stream.size();) {
                const std::size_t size = random.bounded(1u, 9u);
                pieces.push_back(stream.substr(at, size));
                at += size;
            }
            QCOMPARE(framed(pieces, 4'096), messages);
        }
    }

    void bothProtocolsAreTakenOnOnePort()
    {
        Keeper keeper;
        auto server = SyslogServer::listen("127.0.0.1", 0, keeper);
        QVERIFY2(server, server ? "" : server.error().text().c_str());
        const quint16 port = server.value()->port();
        QUdpSocket datagrams;
        for (int i = 0; i < 100; ++i)
            QVERIFY(datagrams.writeDatagram("<34>Oct 11 22:14:15 host app: d" + QByteArray::number(i) + "\n",
                                            QHostAddress::LocalHost, port)
                    > 0);
        QTRY_COMPARE(keeper.records().size(), std::size_t{100});
        QTcpSocket stream;
        stream.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
        QVERIFY(stream.waitForConnected());
        for (int i = 0; i < 1'000; ++i)
            stream.write("<34>1 2026-01-05T10:00:00Z host app - - - s" + QByteArray::number(i) + "\n");
        QVERIFY(stream.flush() || stream.bytesToWrite() == 0);
        QTRY_COMPARE(keeper.records().size(), std::size_t{1'100});
        QCOMPARE(keeper.records().front(), std::string("<34>Oct 11 22:14:15 host app: d0"));
        QCOMPARE(keeper.records().back(), std::string("<34>1 2026-01-05T10:00:00Z host app - - - s999"));
        QTRY_COMPARE(server.value()->statistics().stored.load(), std::uint64_t{1'100});
        QCOMPARE(server.value()->statistics().connectionsOpen.load(), std::uint64_t{1});
        stream.write("<34>the last, without an end");
        stream.disconnectFromHost();
        QTRY_COMPARE(keeper.records().size(), std::size_t{1'101});
        QTRY_COMPARE(server.value()->statistics().connectionsOpen.load(), std::uint64_t{0});
        auto second = SyslogServer::listen("127.0.0.1", port, keeper);
        QVERIFY(!second);
        QCOMPARE(second.error().code, Error::Code::Unavailable);
    }

    /// A ledger that is behind stops the reading; what was said meanwhile waits in the system, and comes.
    void aSlowLedgerHoldsSendersUp()
    {
        Keeper keeper;
        keeper.hold(true);
        SyslogLimits limits;
        limits.waitingBytesMax = 64 << 10;
        limits.batchBytesMax = 16 << 10;
        auto server = SyslogServer::listen("127.0.0.1", 0, keeper, limits);
        QVERIFY(server);
        QTcpSocket stream;
        stream.connectToHost(QHostAddress(QHostAddress::LocalHost), server.value()->port());
        QVERIFY(stream.waitForConnected());
        const QByteArray line(1'000, 'x');
        constexpr int Count = 20'000;
        for (int i = 0; i < Count; ++i)
            stream.write("<1>" + line + '\n');
        QTest::qWait(300);
        const std::size_t before = keeper.records().size();
        QVERIFY2(before * line.size() < 3 * limits.waitingBytesMax, qPrintable(QString::number(before)));
        QVERIFY(stream.bytesToWrite() > 0);
        keeper.hold(false);
        QTRY_COMPARE_WITH_TIMEOUT(keeper.records().size(), std::size_t{Count}, 20'000);
    }

    void whatThereIsNoRoomForIsOfferedAgain()
    {
        Keeper keeper;
        keeper.beBusy(5);
        auto server = SyslogServer::listen("127.0.0.1", 0, keeper);
        QVERIFY(server);
        QTcpSocket stream;
        stream.connectToHost(QHostAddress(QHostAddress::LocalHost), server.value()->port());
        QVERIFY(stream.waitForConnected());
        stream.write("<1>a\n<1>b\n");
        QTRY_COMPARE(keeper.records(), (std::vector<std::string>{"<1>a", "<1>b"}));
        stream.write("<1>c\n");
        stream.flush();
        QTRY_COMPARE(server.value()->statistics().messages.load(), std::uint64_t{3});
        server.value().reset(); // hands on what was read
        QCOMPARE(keeper.records().back(), std::string("<1>c"));
    }

    void tooManyConnectionsAreClosed()
    {
        Keeper keeper;
        SyslogLimits limits;
        limits.connectionsMax = 2;
        auto server = SyslogServer::listen("::1", 0, keeper, limits);
        if (!server)
            QSKIP("no IPv6 here");
        std::vector<std::unique_ptr<QTcpSocket>> sockets;
        for (int i = 0; i < 3; ++i) {
            sockets.push_back(std::make_unique<QTcpSocket>());
            sockets.back()->connectToHost(QHostAddress(QHostAddress::LocalHostIPv6), server.value()->port());
            QVERIFY(sockets.back()->waitForConnected());
        }
        QTRY_COMPARE(sockets[2]->state(), QAbstractSocket::UnconnectedState);
        sockets[0]->write("<1>still\n");
        QTRY_COMPARE(keeper.records().size(), std::size_t{1});
    }
};

EVENTOPS_TEST(TestSyslog)
#include "tst_syslog.moc"
