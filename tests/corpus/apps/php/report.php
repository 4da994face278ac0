<?php
usleep(500000);
echo '<h1>Report</h1>';
