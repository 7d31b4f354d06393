// SPDX-License-Identifier: MIT
#include "tests/widgets/exceptions.h"

#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/real_topics.h"

#include <QFile>
#include <QtTest/QtTest>

namespace eventops::test {
namespace {

BackEndException readLine(const QString &line)
{
    const QStringList cells = line.split(QLatin1Char('\t'));
    if (cells.size() != 3 || cells[2].trimmed().isEmpty())
        qFatal("exceptions.tsv: \"%s\" is not: back ends, test, reason", qPrintable(line));
    BackEndException out;
    out.backEnds = cells[0].split(QLatin1Char(' '));
    out.className = cells[1].section(QStringLiteral("::"), 0, 0);
    const QString inClass = cells[1].section(QStringLiteral("::"), 1);
    out.function = inClass.section(QLatin1Char(':'), 0, 0);
    out.row = inClass.section(QLatin1Char(':'), 1);
    out.reason = cells[2];
    return out;
}

/// The first that is there counts; null: it is run.
const BackEndException *exceptionOf(const QObject &test)
{
    const QString backEnd = QString::fromLatin1(nameOf(chosenKind()));
    const QString className = QString::fromLatin1(test.metaObject()->className());
    const QString function = QString::fromLatin1(QTest::currentTestFunction());
    const QString row = QString::fromUtf8(QTest::currentDataTag());
    for (const BackEndException &each : backEndExceptions()) {
        if (each.backEnds.contains(backEnd) && each.className == className
            && (each.function.isEmpty() || each.function == function) && (each.row.isEmpty() || each.row == row))
            return &each;
    }
    return nullptr;
}

} // namespace

const std::vector<BackEndException> &backEndExceptions()
{
    static const std::vector<BackEndException> All = [] {
        QFile file(QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/widgets/exceptions.tsv"));
        if (!file.open(QIODevice::ReadOnly))
            qFatal("no list of exceptions");
        std::vector<BackEndException> all;
        for (const QString &line : QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
            if (!line.startsWith(QLatin1Char('#')))
                all.push_back(readLine(line));
        }
        return all;
    }();
    return All;
}

void skipWhereListed(const QObject &test)
{
    if (const BackEndException *exception = exceptionOf(test))
        QTest::qSkip(qPrintable(exception->reason), __FILE__, __LINE__);
    else if (chosenKind() == BackEndKind::Kafka && !topicsCanBeHad())
        QTest::qSkip("no Kafka here: installer/kafka brings it, and it needs java", __FILE__, __LINE__);
}

} // namespace eventops::test
