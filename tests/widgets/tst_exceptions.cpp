// SPDX-License-Identifier: MIT
//
// The list of what is not run over which back end: nothing stands in it that is not there.
#include "tests/support/test_main.h"
#include "tests/widgets/exceptions.h"

#include <QDir>
#include <QRegularExpression>

#include <map>

using namespace eventops::test;

class TestExceptions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyLineNamesATestOfThisFolder()
    {
        const QDir folder(QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/widgets"));
        std::map<QString, QString> classes; ///< By name: their files.
        for (const QString &name : folder.entryList({QStringLiteral("tst_*.cpp")})) {
            QFile file(folder.filePath(name));
            QVERIFY(file.open(QIODevice::ReadOnly));
            const QString text = QString::fromUtf8(file.readAll());
            static const QRegularExpression Registered(QStringLiteral("EVENTOPS_TEST\\((\\w+)\\)"));
            const QString test = Registered.match(text).captured(1);
            QVERIFY2(!test.isEmpty(), qPrintable(name));
            classes.emplace(test, text);
            if (test != QLatin1String("TestExceptions"))
                QVERIFY2(text.contains(QStringLiteral("skipWhereListed(*this)")), qPrintable(name));
        }
        QVERIFY(!backEndExceptions().empty());
        for (const BackEndException &each : backEndExceptions()) {
            const auto found = classes.find(each.className);
            QVERIFY2(found != classes.end(), qPrintable(each.className));
            if (!each.function.isEmpty())
                QVERIFY2(found->second.contains(QStringLiteral("void %1()").arg(each.function)),
                         qPrintable(each.function));
            if (!each.row.isEmpty())
                QVERIFY2(found->second.contains(QStringLiteral("newRow(\"%1\")").arg(each.row)), qPrintable(each.row));
            for (const QString &backEnd : each.backEnds)
                QVERIFY2(QStringList({QStringLiteral("remote"), QStringLiteral("kafka"), QStringLiteral("capture")})
                             .contains(backEnd),
                         qPrintable(backEnd));
        }
    }
};

EVENTOPS_TEST(TestExceptions)
#include "tst_exceptions.moc"
