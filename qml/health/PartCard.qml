// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// One part of the life of an event: what it is called, how it does, what it counts.
Card {
    id: card
    property var part
    readonly property int phase: part.state
    readonly property color ink: phase === HealthModel.Attention ? Theme.color.severityWarning
                               : phase === HealthModel.Working ? Theme.color.positive : Theme.color.textMuted

    implicitHeight: content.implicitHeight + 2 * Theme.metric.space3
    Accessible.role: Accessible.Grouping
    Accessible.name: part.name + ", " + part.headline

    ColumnLayout {
        id: content
        spacing: Theme.metric.space1
        anchors {
            left: parent.left
            right: parent.right
            top: parent.top
            margins: Theme.metric.space3
        }

        RowLayout {
            spacing: Theme.metric.space2
            Layout.fillWidth: true

            ThemeIcon {
                name: card.part.icon
                tint: card.ink
            }
            PlainText {
                text: card.part.name
                font.weight: Font.DemiBold
                Layout.fillWidth: true
            }
        }
        PlainText {
            text: card.part.headline
            wrapMode: Text.Wrap
            maximumLineCount: 2
            Layout.fillWidth: true
        }
        Row {
            spacing: Theme.metric.space1

            ThemeIcon {
                name: card.phase === HealthModel.Attention ? "triangle-alert"
                    : card.phase === HealthModel.Working ? "play"
                    : card.phase === HealthModel.Off ? "x" : "pause"
                tint: card.ink
                side: Theme.font.small
                anchors.verticalCenter: parent.verticalCenter
            }
            MutedText {
                text: card.phase === HealthModel.Attention ? qsTr("look below")
                    : card.phase === HealthModel.Working ? qsTr("working")
                    : card.phase === HealthModel.Off ? qsTr("off") : qsTr("at rest")
                color: card.ink
            }
        }
        Repeater {
            model: card.part.counters

            MutedText {
                required property var modelData
                text: modelData.name + " " + modelData.value
                wrapMode: Text.Wrap
                maximumLineCount: 2
                Layout.fillWidth: true
            }
        }
    }
}
