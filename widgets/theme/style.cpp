// SPDX-License-Identifier: MIT
#include "widgets/theme/style.h"

#include "widgets/theme/theme.h"

#include <QApplication>
#include <QProxyStyle>
#include <QRegularExpression>
#include <QStyleFactory>

namespace eventops {
namespace {

// Colours stand as @token, lengths as @metric with their unit; `themeStyleSheet` puts the values in.
constexpr const char *Sheet = R"(
QMainWindow, QDialog { background: @window; }
QMainWindow::separator { background: @window; width: @space1@px; height: @space1@px; }
QMainWindow::separator:hover { background: @accent; }
QToolBar { background: @window; border: none; border-bottom: @border@px solid @border; padding: @space1@px @space2@px;
    spacing: @space1@px; }
QToolBar::separator { background: @border; width: @border@px; margin: @space1@px @space2@px; }
QToolButton { color: @text; border: @border@px solid transparent; border-radius: @radius@px;
    padding: @space1@px @space2@px; }
QToolButton:hover { background: @surfaceRaised; border-color: @border; }
QToolButton:pressed, QToolButton:checked { background: @selection; color: @selectionText; }
QToolButton:focus { border-color: @focus; }
QToolButton#inLine { padding: 0 @space1@px; border: none; }
QToolButton::menu-indicator { image: none; }
QMenuBar { background: @window; padding: @border@px @space1@px; }
QMenuBar::item { padding: @space1@px @space2@px; border-radius: @radius@px; }
QMenuBar::item:selected { background: @surfaceRaised; }
QMenu { background: @surfaceRaised; border: @border@px solid @borderStrong; padding: @space1@px; }
QMenu::item { padding: @space1@px @space5@px @space1@px @space5@px; border-radius: @radius@px; }
QMenu::item:selected { background: @selection; color: @selectionText; }
QMenu::item:disabled { color: @textMuted; }
QMenu::separator { height: @border@px; background: @border; margin: @space1@px @space2@px; }
QStatusBar { background: @window; border-top: @border@px solid @border; }
QStatusBar::item { border: none; }
QTabBar { background: @window; }
QTabBar::tab { background: transparent; color: @textMuted; padding: @space1@px @space3@px;
    border-bottom: @focusWidth@px solid transparent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }
QTabBar::tab:focus { border-bottom-color: @focus; }
QHeaderView::section { background: @surfaceRaised; color: @textMuted; padding: @space1@px @space2@px; border: none;
    border-bottom: @border@px solid @border; border-right: @border@px solid @border; }
QAbstractItemView { background: @surface; border: none; selection-background-color: @selection;
    selection-color: @selectionText; }
QLineEdit, QSpinBox, QComboBox { background: @surfaceSunken; color: @text; border: @border@px solid @border;
    border-radius: @radius@px; padding: @space1@px @space2@px; selection-background-color: @selection;
    selection-color: @selectionText; }
QLineEdit:focus, QSpinBox:focus, QComboBox:focus { border-color: @focus; }
QPushButton { background: @surfaceRaised; color: @text; border: @border@px solid @border; border-radius: @radius@px;
    padding: @space1@px @space3@px; }
QPushButton:hover { border-color: @borderStrong; }
QPushButton:focus { border-color: @focus; }
QPushButton:disabled { color: @textMuted; }
QPushButton:default { background: @accent; color: @accentText; border-color: @accent; }
QToolTip { background: @surfaceRaised; color: @text; border: @border@px solid @borderStrong; padding: @space1@px; }
QProgressBar { background: @surfaceSunken; border: none; border-radius: @space1@px; max-height: @space2@px; }
QProgressBar::chunk { background: @accent; border-radius: @space1@px; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: @space3@px; }
QScrollBar:horizontal { background: transparent; height: @space3@px; }
QScrollBar::handle { background: @borderStrong; border-radius: @space1@px; margin: @focusWidth@px;
    min-height: @space5@px; min-width: @space5@px; }
QScrollBar::handle:hover { background: @textMuted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
#search { background: @surfaceSunken; color: @textMuted; text-align: left; }
#card { background: @surface; border: @border@px solid @border; border-radius: @radius@px; }
#card:hover, #card:focus { border-color: @focus; }
#banner { background: @surfaceRaised; border: none; border-bottom: @border@px solid @severityError; }
#dockTitle { background: @surface; border-bottom: @border@px solid @border; }
#muted { color: @textMuted; }
#lost { color: @severityWarning; }
#overlay { background: @surfaceRaised; border: @border@px solid @borderStrong; border-radius: @radius@px; }
)";

/// Fusion, without pictures for the title buttons of docks: ours have titles of their own, nobody would see them, and
/// loading them takes a part of the time to the first frame that one can measure.
class FusionStyle final : public QProxyStyle
{
public:
    FusionStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}
    QIcon standardIcon(StandardPixmap icon, const QStyleOption *option, const QWidget *widget) const override
    {
        if (icon == SP_TitleBarCloseButton || icon == SP_TitleBarNormalButton)
            return {};
        return QProxyStyle::standardIcon(icon, option, widget);
    }
};

} // namespace

QString themeStyleSheet()
{
    static const QRegularExpression lengths(QStringLiteral("@([A-Za-z0-9]+)@px"));
    static const QRegularExpression colors(QStringLiteral("@([A-Za-z0-9]+)"));
    const Theme &theme = Theme::instance();
    QString out;
    const auto replaceAll = [&out](const QString &text, const QRegularExpression &pattern, auto value) {
        out.clear();
        qsizetype from = 0;
        for (auto it = pattern.globalMatch(text); it.hasNext();) {
            const QRegularExpressionMatch match = it.next();
            out += QStringView(text).mid(from, match.capturedStart() - from);
            out += value(match.captured(1));
            from = match.capturedEnd();
        }
        out += QStringView(text).mid(from);
    };
    replaceAll(QString::fromLatin1(Sheet), lengths,
               [&](const QString &token) { return QString::number(theme.metric(token)) + QStringLiteral("px"); });
    replaceAll(QString(out), colors, [&](const QString &token) { return theme.color(token).name(); });
    return out;
}

void applyTheme(QApplication &application)
{
    QApplication::setStyle(new FusionStyle);
    const auto apply = [&application] {
        QApplication::setPalette(Theme::instance().palette());
        QApplication::setFont(Theme::instance().font(Theme::FontRole::Body));
        application.setStyleSheet(themeStyleSheet());
    };
    QObject::connect(&Theme::instance(), &Theme::changed, &application, apply);
    apply();
}

QString systemThemeName()
{
    const QColor window = QGuiApplication::palette().color(QPalette::Window);
    constexpr int Half = 128;
    return window.lightness() < Half ? QStringLiteral("dark") : QStringLiteral("light");
}

} // namespace eventops
