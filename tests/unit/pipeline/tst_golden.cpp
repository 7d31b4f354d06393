// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/golden_case.h"
#include "pipelines/components.h"

#include <algorithm>
#include <filesystem>
#include <vector>

using namespace eventops;
namespace fs = std::filesystem;

/// The cases of tests/golden/<component>/<case>/. EVENTOPS_UPDATE_GOLDEN=1 in the environment renews what they expect.
class TestGolden : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden_data()
    {
        QTest::addColumn<QString>("folder");
        const fs::path root = fs::path(EVENTOPS_SOURCE_DIR) / "tests/golden";
        std::vector<fs::path> folders;
        for (const auto &entry : fs::recursive_directory_iterator(root)) {
            if (entry.path().filename() == "pipeline.yaml")
                folders.push_back(entry.path().parent_path());
        }
        std::sort(folders.begin(), folders.end());
        QVERIFY(!folders.empty());
        for (const fs::path &folder : folders)
            QTest::newRow(fs::relative(folder, root).c_str()) << QString::fromStdString(folder.string());
    }
    void golden()
    {
        QFETCH(QString, folder);
        const Registry registry{builtinStages(), builtinSources()};
        const bool update = qEnvironmentVariable("EVENTOPS_UPDATE_GOLDEN") == QLatin1String("1");
        const std::string wrong =
            checkGolden(folder.toStdString(), registry, EVENTOPS_SOURCE_DIR "/pipelines", update);
        QVERIFY2(wrong.empty(), ('\n' + wrong).c_str());
    }
};

EVENTOPS_TEST(TestGolden)
#include "tst_golden.moc"
