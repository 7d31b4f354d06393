// SPDX-License-Identifier: MIT
#include "widgets/shell/welcome_page.h"

#include "widgets/theme/theme.h"

#include <QAction>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

namespace eventops {
namespace {

QLabel *makeLabel(const QString &text, Theme::FontRole role, bool muted, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setFont(Theme::instance().font(role));
    label->setWordWrap(true);
    if (muted)
        label->setObjectName(QStringLiteral("muted"));
    return label;
}

} // namespace

WelcomePage::WelcomePage(const QList<QAction *> &steps, QWidget *parent) : QWidget(parent)
{
    auto *page = new QWidget(this);
    page->setMaximumWidth(themeMetric("pageWidth"));
    auto *column = new QVBoxLayout(page);
    column->setSpacing(themeMetric("space3"));
    column->addWidget(makeLabel(tr("EventOps Console"), Theme::FontRole::Display, false, page));
    column->addWidget(makeLabel(tr("Events in, surprises explained in bits, and nothing done without your approval. "
                                   "This workspace is empty: choose where its events come from."),
                                Theme::FontRole::Body, true, page));
    column->addSpacing(themeMetric("space3"));
    for (QAction *step : steps) {
        QWidget *card = makeCard(step);
        column->addWidget(card);
        if (focusProxy() == nullptr)
            setFocusProxy(card); // Return does the first step
    }
    column->addSpacing(themeMetric("space3"));
    column->addWidget(makeLabel(tr("Captures can also be dropped onto this window. Ctrl+K finds every command, "
                                   "? shows all keys."),
                                Theme::FontRole::Body, true, page));
    auto *centred = new QVBoxLayout(this);
    centred->addStretch(1);
    auto *row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(page, 4);
    row->addStretch(1);
    centred->addLayout(row);
    centred->addStretch(2);
}

QWidget *WelcomePage::makeCard(QAction *action)
{
    auto *card = new QPushButton(this);
    card->setObjectName(QStringLiteral("card"));
    card->setAccessibleName(action->text().remove(QLatin1Char('&')));
    card->setAccessibleDescription(action->statusTip());
    card->setEnabled(action->isEnabled());
    connect(action, &QAction::changed, card, [card, action] { card->setEnabled(action->isEnabled()); });
    connect(card, &QPushButton::clicked, action, &QAction::trigger);
    auto *row = new QHBoxLayout(card);
    const int space = themeMetric("space3");
    row->setContentsMargins(space, space, space, space);
    row->setSpacing(space);
    auto *icon = new QToolButton(card); // a button draws its icon anew in every theme
    icon->setIcon(action->icon());
    icon->setFocusPolicy(Qt::NoFocus);
    icon->setAttribute(Qt::WA_TransparentForMouseEvents);
    icon->setIconSize({themeMetric("space5"), themeMetric("space5")});
    auto *words = new QVBoxLayout;
    words->setSpacing(themeMetric("space1"));
    words->addWidget(makeLabel(action->text().remove(QLatin1Char('&')).remove(QStringLiteral("…")),
                               Theme::FontRole::Title, false, card));
    words->addWidget(makeLabel(action->statusTip(), Theme::FontRole::Body, true, card));
    auto *keys = makeLabel(action->shortcut().toString(QKeySequence::NativeText), Theme::FontRole::Mono, true, card);
    keys->setWordWrap(false);
    row->addWidget(icon);
    row->addLayout(words, 1);
    row->addWidget(keys);
    for (QLabel *label : card->findChildren<QLabel *>())
        label->setAttribute(Qt::WA_TransparentForMouseEvents);
    card->setMinimumHeight(row->totalSizeHint().height());
    return card;
}

} // namespace eventops
