// SPDX-License-Identifier: MIT
#pragma once

#include <QtCore/QDir>
#include <QtCore/QElapsedTimer>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>

#include <csignal>
#include <functional>
#include <sys/prctl.h>

namespace eventops::test {

/// A program in JavaScript of tests/support that speaks with us through other people's packages, ended with this object
/// or with the test that was killed. It prints a JSON object a line.
class NodeScript
{
public:
    /// Where the packages are; empty: they are not there.
    static QString packages()
    {
        QProcess where;
        where.start(QStringLiteral(EVENTOPS_SOURCE_DIR "/installer/node-clients"), {QStringLiteral("--where")});
        where.waitForFinished();
        const QString folder = QString::fromUtf8(where.readAllStandardOutput()).trimmed();
        return QDir(folder).exists(QStringLiteral("complete")) ? folder + QStringLiteral("/node_modules") : QString();
    }
    static QString node() { return QStandardPaths::findExecutable(QStringLiteral("node")); }

    /// @p script: its file's name without the end. @p input: all of its standard input; none: it stays open.
    NodeScript(const char *script, const QStringList &arguments, const QByteArray &input = {})
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("NODE_PATH"), packages());
        environment.insert(QStringLiteral("KAFKAJS_NO_PARTITIONER_WARNING"), QStringLiteral("1"));
        m_process.setProcessEnvironment(environment);
        m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        const QString file = QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/support/%1.js").arg(QLatin1String(script));
        m_process.start(node(), QStringList{file} + arguments);
        m_process.write(input);
        if (!input.isEmpty())
            m_process.closeWriteChannel();
    }
    ~NodeScript()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    NodeScript(const NodeScript &) = delete;
    NodeScript &operator=(const NodeScript &) = delete;

    void say(const QByteArray &line) { m_process.write(line + '\n'); }
    /// What it printed by now.
    const QList<QJsonObject> &lines()
    {
        if (m_process.state() != QProcess::NotRunning)
            m_process.waitForReadyRead(20);
        m_text += m_process.readAllStandardOutput();
        for (qsizetype end = m_text.indexOf('\n'); end >= 0; end = m_text.indexOf('\n')) {
            m_lines.append(QJsonDocument::fromJson(m_text.left(end)).object());
            m_text.remove(0, end + 1);
        }
        return m_lines;
    }
    /// The values of @p name in all lines that have it.
    QStringList all(const char *name)
    {
        QStringList found;
        for (const QJsonObject &line : lines()) {
            if (line.contains(QLatin1String(name)))
                found.append(line.value(QLatin1String(name)).toVariant().toString());
        }
        return found;
    }
    bool waitUntil(const std::function<bool()> &condition, int withinMs = 60'000)
    {
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < withinMs && m_process.state() != QProcess::NotRunning) {
            (void)lines();
            if (condition())
                return true;
        }
        return condition();
    }
    /// Closes its input; its exit code once it has ended.
    int finish(int withinMs = 60'000)
    {
        m_process.closeWriteChannel();
        m_process.waitForFinished(withinMs);
        (void)lines();
        return m_process.state() == QProcess::NotRunning && m_process.exitStatus() == QProcess::NormalExit
                   ? m_process.exitCode()
                   : -1;
    }
    QByteArray errors() { return m_errors += m_process.readAllStandardError(); }

private:
    QProcess m_process;
    QByteArray m_text, m_errors;
    QList<QJsonObject> m_lines;
};

} // namespace eventops::test

/// Skips a test, or in initTestCase a class, where there is no Node or not the packages.
#define EVENTOPS_NEEDS_NODE()                                                                                          \
    do {                                                                                                               \
        if (eventops::test::NodeScript::node().isEmpty())                                                              \
            QSKIP("there is no Node; install it with: apt-get install nodejs");                                        \
        if (eventops::test::NodeScript::packages().isEmpty())                                                          \
            QSKIP("there are no kafkajs and eventsource; fetch them with: installer/node-clients");                    \
    } while (false)
