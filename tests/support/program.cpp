// SPDX-License-Identifier: MIT
#include "tests/support/program.h"

#include <QtCore/QFile>
#include <QtCore/QJsonDocument>
#include <QtCore/QProcess>
#include <QtCore/QProcessEnvironment>

namespace eventops::test {

QJsonObject Ran::json() const
{
    return QJsonDocument::fromJson(out).object();
}

QList<QJsonObject> Ran::rows() const
{
    QList<QJsonObject> rows;
    for (const QByteArray &line : out.split('\n')) {
        if (!line.isEmpty())
            rows.append(QJsonDocument::fromJson(line).object());
    }
    return rows;
}

QString program()
{
    return QStringLiteral(EVENTOPS_BINARY_DIR "/bin/eventops");
}

Ran run(const QStringList &arguments, const QByteArray &input, int timeoutMs)
{
    QTemporaryDir home;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("HOME"), home.path());
    environment.remove(QStringLiteral("EVENTOPS_WORKSPACE"));
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(program(), arguments);
    process.write(input);
    process.closeWriteChannel();
    Ran ran;
    if (process.waitForFinished(timeoutMs) && process.exitStatus() == QProcess::NormalExit)
        ran.exitCode = process.exitCode();
    else
        process.kill();
    ran.out = process.readAllStandardOutput();
    ran.err = process.readAllStandardError();
    return ran;
}

QString Scratch::file(const QString &name, const QByteArray &content) const
{
    QFile file(path(name));
    const bool written = file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
    return written ? file.fileName() : QString();
}

Ran Scratch::replay(const QStringList &files, const QStringList &more) const
{
    return run(QStringList{QStringLiteral("replay")} + files
               + QStringList{QStringLiteral("--workspace"), workspace(), QStringLiteral("--json")} + more);
}

QList<QJsonObject> Scratch::query(const QString &table, const QString &filter) const
{
    QStringList arguments{QStringLiteral("query"), table};
    if (!filter.isEmpty())
        arguments << filter;
    return run(arguments + QStringList{QStringLiteral("--workspace"), workspace(), QStringLiteral("--json")}).rows();
}

Ran Scratch::sql(const char *text) const
{
    return run({QStringLiteral("sql"), QLatin1String(text), QStringLiteral("--workspace"), workspace()});
}

} // namespace eventops::test
