// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/program.h"
#include "tests/unit/api/http_client.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtCore/QSet>
#include <QtTest/QTest>

#include <sys/prctl.h>

#include <csignal>
#include <memory>

namespace eventops::test {

/// `eventops serve` or `eventops transformer run` as a process of its own.
class Program
{
public:
    Program(const Scratch &scratch, QStringList arguments)
    {
        arguments << QStringLiteral("--workspace") << scratch.workspace() << QStringLiteral("--port")
                  << QStringLiteral("0");
        m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        m_process.start(program(), arguments);
        QElapsedTimer timer;
        static const QRegularExpression url(QStringLiteral("http://[^:]+:(\\d+)"));
        for (timer.start(); m_port == 0 && timer.elapsed() < 60'000 && m_process.waitForReadyRead(60'000);) {
            const auto found = url.match(QString::fromUtf8(m_process.readAllStandardOutput()));
            m_port = static_cast<quint16>(found.captured(1).toInt());
        }
    }
    ~Program() { kill(); }
    quint16 port() const { return m_port; }
    /// Empty: it runs.
    QByteArray ended()
    {
        m_process.waitForFinished(0);
        return m_process.state() == QProcess::Running ? QByteArray()
                                                      : "ended with " + QByteArray::number(m_process.exitCode()) + ' '
                                                            + m_process.errorString().toUtf8() + err();
    }
    QByteArray err()
    {
        m_err += m_process.readAllStandardError();
        return m_err;
    }
    void kill()
    {
        if (m_process.state() == QProcess::NotRunning)
            return;
        ::kill(static_cast<pid_t>(m_process.processId()), SIGKILL);
        m_process.waitForFinished(10'000);
    }
    /// As Ctrl+C ends it; its exit code.
    int interrupt()
    {
        ::kill(static_cast<pid_t>(m_process.processId()), SIGINT);
        return m_process.waitForFinished(60'000) ? m_process.exitCode() : -1;
    }
    HttpAnswer get(const QByteArray &path) const
    {
        HttpClient client(m_port);
        client.send("GET " + path + " HTTP/1.1\r\nHost: localhost:" + QByteArray::number(m_port) + "\r\n\r\n");
        return client.read(false, 10'000);
    }
    HttpAnswer post(const QByteArray &path, const QByteArray &body) const
    {
        HttpClient client(m_port);
        client.send("POST /chronos/api/v1" + path + " HTTP/1.1\r\nHost: localhost:" + QByteArray::number(m_port)
                    + "\r\nContent-Type: application/json\r\nx-event-source: shop\r\nContent-Length: "
                    + QByteArray::number(body.size()) + "\r\n\r\n" + body);
        return client.read(false, 10'000);
    }

private:
    QProcess m_process;
    quint16 m_port = 0;
    QByteArray m_err;
};

/// A workspace with a source and its rules, of which every fifth event fails, and who serves and transforms it.
class QueueBench
{
public:
    Scratch scratch;
    std::unique_ptr<Program> server, consumer;
    QSet<QByteArray> answered; ///< Events that the server has taken.

    /// `eventops transformer queue`; what it says on failure.
    QByteArray setQueue(const QStringList &more) const
    {
        const Ran ran = run(QStringList{QStringLiteral("transformer"), QStringLiteral("queue"),
                                        QStringLiteral("--workspace"), scratch.workspace(), QStringLiteral("--json")}
                            + more);
        return ran.exitCode == 0 ? QByteArray() : ran.err;
    }
    bool serve(const QStringList &more)
    {
        server.reset();
        server = std::make_unique<Program>(
            scratch, QStringList{QStringLiteral("serve"), QStringLiteral("--insecure-loopback")} + more);
        return server->port() != 0;
    }
    bool consume()
    {
        consumer.reset();
        consumer =
            std::make_unique<Program>(scratch, QStringList{QStringLiteral("transformer"), QStringLiteral("run")});
        return consumer->port() != 0;
    }
    bool configure() const
    {
        return server->post("/sources/", "{\"SourceName\":\"shop\",\"EventFormatType\":\"application/json\"}").status
                   == 200
               && server->post("/transformers/",
                               "{\"TransformerName\":\"t\",\"TransformerType\":\"JSONTransformer\",\"SourceID\":1,"
                               "\"TransformerScript\":{\"eventType\":\"$.type\",\"entityId\":\"$.id\","
                               "\"severity\":\"WARN\"}}")
                          .status
                      == 200;
    }
    /// @p count more events.
    void send(int count)
    {
        for (int i = 0; i < count; ++i) {
            const QByteArray id = "e" + QByteArray::number(m_next++);
            const QByteArray type = m_next % 5 == 0 ? "" : "UP";
            if (server->post("/event", "{\"id\":\"" + id + "\",\"type\":\"" + type + "\"}").status == 200)
                answered.insert(id);
        }
    }
    qint64 count(const char *what) const
    {
        const Ran ran = scratch.sql(("SELECT count(*) AS n FROM " + std::string(what)).c_str());
        return ran.exitCode == 0 ? ran.json()[QLatin1String("n")].toInteger(-1) : -1;
    }
    /// Waits until nothing waits any more.
    bool isDone(int withinMs = 60'000) const
    {
        QElapsedTimer timer;
        for (timer.start(); timer.elapsed() < withinMs; QTest::qWait(100)) {
            if (count("karma.raw_event WHERE waits = 1") == 0 && count("karma.transform_outgoing") == 0)
                return true;
        }
        return false;
    }
    /// What is not exactly once; empty: all is.
    QByteArray wrong() const
    {
        const qint64 raw = count("karma.raw_event"), processed = count("karma.processed_event");
        const qint64 distinct = count("(SELECT DISTINCT raw_event FROM karma.processed_event)");
        const qint64 events = count("karma.event"), letters = count("karma.dead_letter");
        const qint64 announced = count("karma.raw_event_announced");
        if (raw == answered.size() && distinct == processed && events == processed && letters == raw - processed
            && processed > 0 && letters > 0 && announced == 0)
            return {};
        return "answered " + QByteArray::number(answered.size()) + ", raw " + QByteArray::number(raw) + ", processed "
               + QByteArray::number(processed) + ", of different events " + QByteArray::number(distinct) + ", events "
               + QByteArray::number(events) + ", dead letters " + QByteArray::number(letters) + ", announced "
               + QByteArray::number(announced);
    }
    /// Ids of the raw events that nothing was made of.
    QSet<qint64> failed() const
    {
        QSet<qint64> out;
        for (const QJsonObject &row :
             scratch.sql("SELECT id FROM karma.raw_event WHERE id NOT IN (SELECT raw_event FROM karma.processed_event)")
                 .rows())
            out.insert(row[QLatin1String("id")].toInteger());
        return out;
    }

private:
    int m_next = 0;
};

} // namespace eventops::test
