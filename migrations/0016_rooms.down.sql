DROP TABLE room_turns;
DROP TABLE rooms;
