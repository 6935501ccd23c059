"""The statements that contenders send who write CQL themselves."""

INSERT = "INSERT INTO readings (station, sequence, temperature, note) VALUES (?, ?, ?, ?)"
INSERT_IF_NOT_EXISTS = f"{INSERT} IF NOT EXISTS"
UPDATE = "UPDATE readings SET temperature = ? WHERE station = ? AND sequence = ?"
DELETE = "DELETE FROM readings WHERE station = ? AND sequence = ?"
GET = "SELECT station, sequence, temperature, note FROM readings WHERE station = ? AND sequence = ?"
READ = "SELECT station, sequence, temperature, note FROM readings WHERE station = ?"
