// SPDX-License-Identifier: MIT
#include "qml/health/health_panel.h"

#include "core/viewmodel/dead_letters_model.h"
#include "core/viewmodel/health_model.h"
#include "qml/theme/quick_panel.h"

namespace eventops {

QWidget *makeHealthPanel(ViewContext &context, QWidget *parent)
{
    auto *model = new HealthModel(context);
    auto *letters = new DeadLettersModel(context, model);
    auto *panel = new QuickPanel(QStringLiteral("Health"), QStringLiteral("HealthPanel"),
                                 {{QStringLiteral("health"), QVariant::fromValue(model)},
                                  {QStringLiteral("letters"), QVariant::fromValue(letters)}},
                                 parent);
    model->setParent(panel);
    return panel;
}

} // namespace eventops
