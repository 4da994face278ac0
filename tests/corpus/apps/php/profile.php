<?php
session_start();
$name = $_SESSION['name'] ?? 'nobody';
session_write_close();
usleep(500000);
echo "<h1>$name</h1>";
