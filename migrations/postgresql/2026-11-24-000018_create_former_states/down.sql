DROP TABLE former_states;
