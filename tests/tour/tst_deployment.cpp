// SPDX-License-Identifier: MIT
//
// What an administrator installs, looked at by the programs that will read it.
#include "tests/support/test_main.h"

#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtCore/QStandardPaths>

class TestDeployment : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theServiceMayDoLittle()
    {
        if (QStandardPaths::findExecutable(QStringLiteral("systemd-analyze")).isEmpty())
            QSKIP("systemd-analyze is needed");
        QProcess analyze;
        analyze.setProcessChannelMode(QProcess::MergedChannels);
        analyze.start(QStringLiteral("systemd-analyze"),
                      {QStringLiteral("security"), QStringLiteral("--offline=true"), QStringLiteral("--no-pager"),
                       QStringLiteral(EVENTOPS_SOURCE_DIR "/installer/systemd/eventops.service")});
        QVERIFY(analyze.waitForFinished(30'000));
        const QString said = QString::fromUtf8(analyze.readAll());
        const auto level =
            QRegularExpression(QStringLiteral("Overall exposure level for eventops.service: ([0-9.]+)")).match(said);
        QVERIFY2(level.hasMatch(), qPrintable(said.right(500)));
        QVERIFY2(level.captured(1).toDouble() <= 3.0, qPrintable(level.captured(0)));
    }
};

EVENTOPS_TEST(TestDeployment)
#include "tst_deployment.moc"
