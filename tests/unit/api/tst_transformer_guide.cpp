// SPDX-License-Identifier: MIT
//
// The guide for those who write transformers (contract C27): its files are written, its commands run, and what they
// print is what stands there.
#include "tests/support/test_main.h"

#include "core/script/script_worker.h"
#include "tests/support/program.h"

#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtCore/QSet>
#include <QtCore/QTemporaryDir>

class TestTransformerGuide : public QObject
{
    Q_OBJECT

    struct Block {
        QByteArray head, text; ///< "python file=orders.py"
    };
    static QList<Block> blocks(const QByteArray &document)
    {
        QList<Block> out;
        const QByteArray fence = "```";
        for (qsizetype at = document.indexOf(fence); at >= 0;) {
            const qsizetype line = document.indexOf('\n', at), end = document.indexOf(fence, line);
            out.append({document.mid(at + 3, line - at - 3), document.mid(line + 1, end - line - 1)});
            at = document.indexOf(fence, end + 3);
        }
        return out;
    }

private Q_SLOTS:
    void blocksRunAsTheyStand()
    {
        if (eventops::pythonPath().empty())
            QSKIP("no python3");
        QFile guide(QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/docs/transformers.md"));
        QVERIFY(guide.open(QIODevice::ReadOnly));
        const QTemporaryDir folder;
        QByteArray printed;
        int commands = 0, outputs = 0;
        for (const Block &block : blocks(guide.readAll())) {
            if (const qsizetype file = block.head.indexOf("file="); file >= 0) {
                QFile out(folder.filePath(QString::fromUtf8(block.head.mid(file + 5))));
                QVERIFY(out.open(QIODevice::WriteOnly));
                QCOMPARE(out.write(block.text), block.text.size());
            } else if (block.head == "sh") {
                QByteArray command = block.text;
                QVERIFY(command.startsWith("eventops "));
                command.replace(0, 8, eventops::test::program().toUtf8());
                QProcess shell;
                shell.setWorkingDirectory(folder.path());
                shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), QString::fromUtf8(command)});
                QVERIFY(shell.waitForFinished());
                printed = shell.readAllStandardOutput();
                QVERIFY2(shell.exitCode() == 0, shell.readAllStandardError().constData());
                ++commands;
            } else if (block.head == "json output") {
                QCOMPARE(printed, block.text);
                ++outputs;
            }
        }
        QCOMPARE(commands, 2);
        QCOMPARE(outputs, 2);
    }

    /// C19: whatever part of Chronos' project one looks for, the guide says where it is here; and there it is.
    void placesOfChronosPartsAreThere()
    {
        QFile guide(QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/docs/transformers.md"));
        QVERIFY(guide.open(QIODevice::ReadOnly));
        const QString text = QString::fromUtf8(guide.readAll());
        const qsizetype table = text.indexOf(QStringLiteral("| of Chronos | here |"));
        QVERIFY(table > 0);
        QSet<QString> parts;
        int places = 0;
        static const QRegularExpression quoted(QStringLiteral("`([^`]+)`"));
        static const QRegularExpression place(QStringLiteral("^(app|core|pipelines|tests)/[\\w./]+$"));
        for (const QString &row : text.mid(table).split(QLatin1Char('\n')).mid(2)) {
            const QStringList cells = row.split(QLatin1Char('|'));
            if (cells.size() != 4)
                continue;
            for (auto found = quoted.globalMatch(cells[1]); found.hasNext();)
                parts.insert(found.next().captured(1));
            int here = 0;
            for (auto found = quoted.globalMatch(cells[2]); found.hasNext();) {
                const QString name = found.next().captured(1);
                if (!place.match(name).hasMatch() && name != QLatin1String("core/api"))
                    continue;
                QVERIFY2(QFile::exists(QStringLiteral(EVENTOPS_SOURCE_DIR "/") + name), qPrintable(name));
                ++here;
            }
            QVERIFY2(here > 0, qPrintable(row));
            places += here;
        }
        QVERIFY(places >= 20);
        for (const char *const part :
             {"src/main.py", "src/start_consumer.py", "src/rest/", "src/service/", "src/transformers/registry.py",
              "src/consumers/consumer_worker.py", "src/consumers/sqs_consumer_worker.py", "src/dao/", "src/dto/",
              "src/models/", "src/util/", "resources/db/mysql/migrations/", "resources/db/mysql/connection-*.conf",
              "tests/", "pytest.ini"})
            QVERIFY2(parts.contains(QLatin1String(part)), part);
    }
};

EVENTOPS_TEST(TestTransformerGuide)
#include "tst_transformer_guide.moc"
