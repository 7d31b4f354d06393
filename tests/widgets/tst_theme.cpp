// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/widgets/exceptions.h"

#include "widgets/theme/icon.h"
#include "widgets/theme/style.h"
#include "widgets/theme/theme.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>

using namespace eventops;

namespace {

QJsonObject themeFile(const QString &name)
{
    QFile file(QStringLiteral(":/eventops/themes/%1.json").arg(name));
    return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object() : QJsonObject();
}

/// Relative luminance, WCAG 2.1: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance
double luminance(const QColor &color)
{
    const auto part = [](double value) {
        return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * part(color.redF()) + 0.7152 * part(color.greenF()) + 0.0722 * part(color.blueF());
}

double contrast(const QColor &a, const QColor &b)
{
    const double la = luminance(a), lb = luminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

/// Which text stands on which surface.
const std::vector<std::pair<const char *, std::vector<const char *>>> &pairs()
{
    static const std::vector<const char *> surfaces{"window", "surface", "surfaceRaised", "surfaceSunken"};
    static const std::vector<const char *> severities{"severityUnset",   "severityInfo",  "severityNotice",
                                                      "severityWarning", "severityError", "severityCritical"};
    static const std::vector<std::pair<const char *, std::vector<const char *>>> table{{"text", surfaces},
                                                                                       {"textMuted", surfaces},
                                                                                       {"accent", surfaces},
                                                                                       {"positive", surfaces},
                                                                                       {"severityUnset", surfaces},
                                                                                       {"severityInfo", surfaces},
                                                                                       {"severityNotice", surfaces},
                                                                                       {"severityWarning", surfaces},
                                                                                       {"severityError", surfaces},
                                                                                       {"severityCritical", surfaces},
                                                                                       {"selectionText", {"selection"}},
                                                                                       {"accentText", {"accent"}},
                                                                                       {"severityText", severities}};
    return table;
}

} // namespace

class TestTheme : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { test::skipWhereListed(*this); }

    void cleanup() { QVERIFY(Theme::instance().load(QStringLiteral("dark"))); }

    void contrastIsAsTheFormulaSays()
    {
        QCOMPARE(qRound(contrast(QColor::fromRgb(0, 0, 0), QColor::fromRgb(255, 255, 255)) * 10), 210);
        QCOMPARE(qRound(contrast(QColor::fromRgb(119, 119, 119), QColor::fromRgb(255, 255, 255)) * 100), 448);
    }

    void bothThemesHaveTheSameTokens()
    {
        const QJsonObject dark = themeFile(QStringLiteral("dark")), light = themeFile(QStringLiteral("light"));
        QVERIFY(!dark.isEmpty());
        QCOMPARE(light.keys(), dark.keys());
        for (const char *group : {"colors", "metrics", "fonts"})
            QCOMPARE(light.value(QLatin1String(group)).toObject().keys(),
                     dark.value(QLatin1String(group)).toObject().keys());
        // A length is no matter of taste: both themes lay out alike.
        QCOMPARE(light.value(QLatin1String("metrics")), dark.value(QLatin1String("metrics")));
        QCOMPARE(light.value(QLatin1String("fonts")), dark.value(QLatin1String("fonts")));
    }

    void textCanBeRead_data()
    {
        QTest::addColumn<QString>("theme");
        QTest::newRow("dark") << QStringLiteral("dark");
        QTest::newRow("light") << QStringLiteral("light");
    }
    void textCanBeRead()
    {
        QFETCH(QString, theme);
        QVERIFY(Theme::instance().load(theme));
        int poor = 0;
        for (const auto &[text, surfaces] : pairs()) {
            for (const char *surface : surfaces) {
                const double ratio = contrast(themeColor(text), themeColor(surface));
                if (ratio >= 4.5)
                    continue;
                ++poor;
                qWarning("%s on %s has a contrast of %.2f", text, surface, ratio);
            }
        }
        QCOMPARE(poor, 0);
    }

    void shapesCanBeSeen()
    {
        // WCAG 2.1, 1.4.11: what is no text but means something, at least 3 to 1.
        for (const char *theme : {"dark", "light"}) {
            QVERIFY(Theme::instance().load(QLatin1String(theme)));
            for (const char *token : {"focus", "series1", "series2", "series3", "series4", "series5", "series6"}) {
                for (const char *surface : {"window", "surface", "surfaceRaised"})
                    QVERIFY2(contrast(themeColor(token), themeColor(surface)) >= 3.0, token);
            }
        }
    }

    void aBrokenThemeChangesNothing()
    {
        QVERIFY(!Theme::instance().load(QStringLiteral("no such theme")));
        QCOMPARE(Theme::instance().name(), QStringLiteral("dark"));
    }

    void theStyleSheetIsMadeOfTokensOnly()
    {
        const QString sheet = themeStyleSheet();
        QVERIFY(!sheet.contains(QLatin1Char('@')));
        QVERIFY(sheet.contains(themeColor("accent").name()));
        QVERIFY(Theme::instance().load(QStringLiteral("light")));
        QVERIFY(themeStyleSheet() != sheet);
    }

    void iconsFollowTheTheme()
    {
        const QIcon icon = themeIcon(QStringLiteral("play"));
        const QImage dark = icon.pixmap(16, 16).toImage();
        QVERIFY(Theme::instance().load(QStringLiteral("light")));
        const QImage light = icon.pixmap(16, 16).toImage();
        QCOMPARE(dark.size(), QSize(16, 16));
        QVERIFY(dark != light);
        const auto inked = [](const QImage &image) {
            int count = 0;
            for (int y = 0; y < image.height(); ++y) {
                for (int x = 0; x < image.width(); ++x)
                    count += qAlpha(image.pixel(x, y)) > 128 ? 1 : 0;
            }
            return count;
        };
        QVERIFY(inked(light) > 10);
        QCOMPARE(inked(themeIcon(QStringLiteral("no such icon")).pixmap(16, 16).toImage()), 0);
    }
};

EVENTOPS_TEST(TestTheme)
#include "tst_theme.moc"
