// SPDX-License-Identifier: MIT
#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>
#include <QtCore/QTemporaryDir>

namespace eventops::test {

/// What a run of the program left.
struct Ran {
    int exitCode = -1;
    QByteArray out, err;
    QJsonObject json() const;        ///< Standard output as one JSON object; empty when it is none.
    QList<QJsonObject> rows() const; ///< Standard output as NDJSON.
};

/// Path of the built `eventops`.
QString program();

/// Runs `eventops ARGUMENTS`, in a HOME of its own, for at most @p timeoutMs.
Ran run(const QStringList &arguments, const QByteArray &input = {}, int timeoutMs = 120'000);

/// A scratch directory with a workspace path and files in it.
class Scratch
{
public:
    QString path(const QString &name) const { return m_directory.filePath(name); }
    QString workspace() const { return path(QStringLiteral("workspace")); }
    /// Writes @p content and returns the path.
    QString file(const QString &name, const QByteArray &content) const;
    /// `eventops replay FILES --workspace … --json` with more arguments.
    Ran replay(const QStringList &files, const QStringList &more = {}) const;
    /// `eventops query TABLE [FILTER] --workspace … --json`
    QList<QJsonObject> query(const QString &table, const QString &filter = {}) const;
    /// `eventops sql TEXT --workspace …`
    Ran sql(const char *text) const;

private:
    QTemporaryDir m_directory;
};

} // namespace eventops::test
