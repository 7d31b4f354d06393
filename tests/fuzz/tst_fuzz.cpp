// SPDX-License-Identifier: MIT
//
// Every fuzz target over its seeds and over what it once found (tests/fuzz/corpus), and over each of them cut short and
// damaged. A property that does not hold aborts the test; the last row is the one.
#include "tests/support/test_main.h"

#include "tests/fuzz/fuzz_target.h"

#include <QtCore/QDir>
#include <QtTest/QtTest>

#include <random>
#include <set>

using namespace eventops;

class TestFuzz : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void seeds_data()
    {
        QTest::addColumn<QString>("folder");
        std::set<std::string> names;
        for (const fuzz::Target &target : fuzz::targets())
            names.insert(target.name);
        for (const std::string &name : names)
            QTest::newRow(name.c_str()) << QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/fuzz/corpus/")
                                               + QString::fromStdString(name);
    }
    void seeds()
    {
        QFETCH(QString, folder);
        const fuzz::Target *target = nullptr;
        for (const fuzz::Target &one : fuzz::targets())
            target = one.name == std::string(QTest::currentDataTag()) ? &one : target;
        QVERIFY(target != nullptr);
        const QDir directory(folder);
        const QStringList files = directory.entryList(QDir::Files, QDir::Name);
        QVERIFY2(!files.isEmpty(), qPrintable(folder));
        std::mt19937 random(1); // the same in every run
        for (const QString &name : files) {
            QFile file(directory.filePath(name));
            QVERIFY(file.open(QIODevice::ReadOnly));
            const std::string bytes = file.readAll().toStdString();
            target->input(bytes);
            for (int round = 0; round < 8 && !bytes.empty(); ++round) {
                target->input(std::string_view(bytes).substr(0, random() % bytes.size()));
                std::string damaged = bytes;
                damaged[random() % damaged.size()] = static_cast<char>(random());
                target->input(damaged);
            }
        }
        target->input({});
    }

    void everyTargetIsHere()
    {
        const QStringList files =
            QDir(QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/fuzz")).entryList({QStringLiteral("fuzz_*.cpp")});
        QCOMPARE(fuzz::targets().size(), static_cast<std::size_t>(files.size()));
        QVERIFY(files.size() >= 10);
    }
};

EVENTOPS_TEST(TestFuzz)
#include "tst_fuzz.moc"
