// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// What the detectors are worth, where it is known what went wrong: the demo.
ColumnLayout {
    id: block
    required property HealthModel health

    spacing: Theme.metric.space2

    SectionTitle { text: qsTr("What was found of the known faults") }
    Card {
        implicitHeight: inside.implicitHeight + 2 * Theme.metric.space3
        Layout.fillWidth: true

        ColumnLayout {
            id: inside
            spacing: Theme.metric.space3
            anchors {
                left: parent.left
                right: parent.right
                top: parent.top
                margins: Theme.metric.space3
            }

            Flow {
                spacing: Theme.metric.space5
                Layout.fillWidth: true

                Repeater {
                    model: block.health.score

                    Column {
                        id: figure
                        required property var modelData

                        PlainText {
                            text: figure.modelData.value
                            font.family: Theme.font.mono
                            font.pixelSize: Theme.font.title
                        }
                        MutedText { text: figure.modelData.name }
                    }
                }
            }
            MutedText {
                visible: block.health.faults.length === 0
                text: qsTr("Nothing has gone wrong yet.")
            }
            Repeater {
                model: block.health.faults

                RowLayout {
                    id: fault
                    required property var modelData
                    readonly property bool isFound: modelData.outcome === HealthModel.Detected
                    readonly property bool isMissed: modelData.outcome === HealthModel.Missed
                    spacing: Theme.metric.space2
                    Layout.fillWidth: true

                    ThemeIcon {
                        name: fault.isFound ? "check" : fault.isMissed ? "x" : "hourglass"
                        tint: fault.isFound ? Theme.color.positive
                            : fault.isMissed ? Theme.color.severityWarning : Theme.color.textMuted
                        Layout.alignment: Qt.AlignTop
                    }
                    ColumnLayout {
                        spacing: Theme.metric.border * 2
                        Layout.fillWidth: true

                        PlainText {
                            text: qsTr("%1 on %2").arg(fault.modelData.name).arg(fault.modelData.target)
                            Layout.fillWidth: true
                        }
                        MutedText {
                            text: fault.modelData.what
                            wrapMode: Text.Wrap
                            maximumLineCount: 2
                            Layout.fillWidth: true
                        }
                    }
                    MutedText {
                        text: fault.isFound ? qsTr("found after %1").arg(fault.modelData.lead)
                            : fault.isMissed ? qsTr("missed") : qsTr("not found yet")
                        color: fault.isMissed ? Theme.color.severityWarning : Theme.color.text
                        Layout.alignment: Qt.AlignTop
                    }
                }
            }
        }
    }
}
