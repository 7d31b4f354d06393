// SPDX-License-Identifier: MIT
#include "widgets/shell/search_button.h"

#include "widgets/theme/theme.h"

#include <QAction>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace eventops {

QPushButton *makeSearchButton(QAction &search, QWidget *parent)
{
    const QString text = QCoreApplication::translate("eventops::MainWindow", "Find a command or a view");
    auto *button = new QPushButton(search.icon(), text, parent);
    button->setObjectName(QStringLiteral("search"));
    button->setToolTip(search.toolTip());
    button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    button->setMinimumWidth(themeMetric("filterWidth"));
    QObject::connect(button, &QPushButton::clicked, &search, &QAction::trigger);
    auto *row = new QHBoxLayout(button);
    row->setContentsMargins(0, 0, themeMetric("space3"), 0);
    auto *keys = new QLabel(search.shortcut().toString(QKeySequence::NativeText), button);
    keys->setObjectName(QStringLiteral("muted"));
    keys->setFont(Theme::instance().font(Theme::FontRole::Mono));
    keys->setAttribute(Qt::WA_TransparentForMouseEvents);
    row->addWidget(keys, 0, Qt::AlignRight);
    return button;
}

} // namespace eventops
