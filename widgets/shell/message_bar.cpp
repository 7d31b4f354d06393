// SPDX-License-Identifier: MIT
#include "widgets/shell/message_bar.h"

#include "widgets/theme/icon.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QLabel>

#include <utility>

namespace eventops {

MessageBar::MessageBar(QWidget *parent) : QToolBar(parent), m_text(new QLabel(this))
{
    setObjectName(QStringLiteral("banner"));
    setWindowTitle(tr("Errors"));
    setMovable(false);
    setIconSize({themeMetric("iconSize"), themeMetric("iconSize")});
    auto *sign = addAction(themeIcon(QStringLiteral("circle-alert"), QStringLiteral("severityError")), tr("Error"));
    sign->setEnabled(true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    addWidget(m_text);
    auto *dismiss = addAction(themeIcon(QStringLiteral("x")), tr("Dismiss"));
    connect(dismiss, &QAction::triggered, this, &QToolBar::hide);
    hide();
}

void MessageBar::tell(const QString &sentence)
{
    m_text->setText(sentence);
    m_text->setToolTip(Qt::convertFromPlainText(sentence));
    m_text->setAccessibleName(tr("Error: %1").arg(sentence));
    show();
}

void MessageBar::tellTrouble(const QString &trouble, bool running)
{
    if (trouble == m_trouble)
        return;
    const QString before = std::exchange(m_trouble, trouble);
    if (!trouble.isEmpty())
        tell(trouble);
    else if (m_heldUp && text() == before)
        hide();
    m_heldUp = running;
}

QString MessageBar::text() const
{
    return m_text->text();
}

} // namespace eventops
