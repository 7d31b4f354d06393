// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import EventOps.Models
import EventOps.Theme

// How the engine is doing: is every record accounted for, what does each part do, what waits for a person.
Panel {
    id: panel
    required property HealthModel health
    required property var letters
    readonly property int unit: Theme.metric.space5
    readonly property bool hasContent: health.state === HealthModel.Ready

    Keys.onPressed: event => {
        event.accepted = true
        switch (event.key) {
        case Qt.Key_Down: case Qt.Key_J: page.flick(0, -page.height * 2); break
        case Qt.Key_Up: case Qt.Key_K: page.flick(0, page.height * 2); break
        case Qt.Key_D: deadLetters.toggle(); break
        case Qt.Key_F5: panel.health.refresh(); break
        default: event.accepted = false
        }
    }

    Flickable {
        id: page
        objectName: "healthPage"
        anchors.fill: parent
        visible: panel.hasContent
        contentWidth: width
        contentHeight: content.implicitHeight + 2 * Theme.metric.space4
        boundsBehavior: Flickable.StopAtBounds
        clip: true

        T.ScrollBar.vertical: ScrollMark {}

        ColumnLayout {
            id: content
            x: Theme.metric.space4
            y: Theme.metric.space4
            width: parent.width - 2 * Theme.metric.space4
            spacing: Theme.metric.space5

            HealthHead {
                health: panel.health
                Layout.fillWidth: true
            }
            Behind {
                objectName: "healthBehind"
                troubles: panel.health.behind
                visible: panel.health.behind.length > 0
                Layout.fillWidth: true
            }
            GridLayout {
                id: parts
                columns: panel.width >= panel.unit * 40 ? 7 : panel.width >= panel.unit * 24 ? 4 : 2
                columnSpacing: Theme.metric.space2
                rowSpacing: Theme.metric.space2
                Layout.fillWidth: true

                Repeater {
                    model: panel.health.parts

                    PartCard {
                        required property var modelData
                        required property int index
                        part: modelData
                        // The seventh fills the row that it would leave open.
                        Layout.columnSpan: index === 6 && parts.columns !== 7 ? 2 : 1
                        Layout.fillWidth: true
                        Layout.fillHeight: true
                        Layout.preferredWidth: panel.unit
                    }
                }
            }
            Balance {
                sources: panel.health.sources
                Layout.fillWidth: true
            }
            Score {
                health: panel.health
                visible: panel.health.score.length > 0
                Layout.fillWidth: true
            }
            GridLayout {
                columns: panel.width >= panel.unit * 36 ? 2 : 1
                columnSpacing: Theme.metric.space5
                rowSpacing: Theme.metric.space5
                Layout.fillWidth: true

                DeadLetters {
                    id: deadLetters
                    health: panel.health
                    letters: panel.letters
                    Layout.fillWidth: true
                    Layout.preferredWidth: panel.unit * 2
                    Layout.alignment: Qt.AlignTop
                }
                Facts {
                    facts: panel.health.facts
                    Layout.fillWidth: true
                    Layout.preferredWidth: panel.unit
                    Layout.alignment: Qt.AlignTop
                }
            }
        }
    }
    HealthState {
        anchors.fill: parent
        visible: !panel.hasContent
        health: panel.health
    }
}
